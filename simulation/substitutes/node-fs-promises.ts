// Takes the place of `node:fs/promises` for code of the gateway: the files of the simulated machine.
import { thisProcess } from '../simulated-process.ts';

const disk = () => thisProcess().surroundings.disk;

export const stat = (path: string) => attempt(() => disk().describe(path));
export const readdir = (path: string) => attempt(() => disk().namesIn(path));
export const readFile = (path: string) => attempt(() => disk().contentOf(path));

const attempt = <Result>(act: () => Result): Promise<Result> => Promise.resolve().then(act);
