// Notices that a file has become another one: written, replaced, or reached through another symlink, as a Kubernetes
// ConfigMap swaps it. Looks at intervals, since notifications get lost on the file systems that matter here.
import { stat } from 'node:fs/promises';

const intervalMs = 500;

/** `files` may change from one look to the next. */
interface WatchedFiles {
  readonly files: () => readonly string[];
  /** Called once it is known what the files are: from then on no change goes unnoticed. */
  readonly watching: () => void;
  /** Called when files differ from what they were at the last call, and have been the same for two looks. */
  readonly changed: () => void;
}

/** Returns the way to stop. What the files are at the start counts as known. */
export function watchFiles({ files, watching, changed }: WatchedFiles): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let known: string | undefined;
  let previous: string | undefined;

  const look = async () => {
    const now = (await Promise.all(files().map(signatureOf))).join('\n');
    if (known === undefined) {
      known = now;
      watching();
    }
    if (now !== known && now === previous) {
      known = now;
      changed();
    }
    previous = now;
    if (stopped) return;
    timer = setTimeout(look, intervalMs);
    timer.unref();
  };
  void look();

  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Follows symlinks. A file that is not there has a signature, too. */
async function signatureOf(path: string): Promise<string> {
  try {
    const { dev, ino, mtimeNs, ctimeNs, size } = await stat(path, { bigint: true });
    return [path, dev, ino, mtimeNs, ctimeNs, size].join(' ');
  } catch (error) {
    return `${path} ${(error as NodeJS.ErrnoException).code}`;
  }
}
