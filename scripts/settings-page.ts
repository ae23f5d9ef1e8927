// docs/settings.md, made from the schema of the settings. `npm run schema` writes it, and a test compares.
import { type Setting, type SettingName, settingGroups, settings } from '../src/config/schema.ts';
import { settingMeanings } from './setting-meanings.ts';

const introduction = `# Settings

Every environment variable: what it accepts, its default and its meaning.

<!-- \`npm run schema\` writes this page from src/config/schema.ts and scripts/setting-meanings.ts. -->

- An empty variable counts as not set. Any fault stops the start; \`bin/peergate check\` lists all of them.
- A variable that is probably a misspelled setting is a fault. Other unknown variables with one of our prefixes are
  listed as ignored.
- A value in quotation marks is a fault: a shell removes them, \`docker --env-file\` does not.
- URLs are https, except for loopback hosts, egress proxies, \`OTEL_*\` and plaintext Redis.
- A secret may be in a file: UTF-8, no byte-order mark, no white space around the secret, one line break at the end
  allowed. The gateway reads the file again when it next uses the secret, so a rotation needs no restart.
- A file that a setting names is a regular one, or a symbolic link to it. A pipe or a device is a fault.
- \`NODE_EXTRA_CA_CERTS\` is Node's own variable: a file with your company's certificate authorities.
`;

/** Markdown. */
export function settingsPage(): string {
  const sections = settingGroups.map(
    ({ title, names }) =>
      `## ${title}\n\n| variable | type | default | meaning |\n| --- | --- | --- | --- |\n${names.map(row).join('')}`,
  );
  return `${[introduction, ...sections].join('\n')}\n${limits}`;
}

function row(name: SettingName): string {
  const { expected, required, fallback, secret, alias }: Setting<unknown> = settings[name];
  const standard = fallback === undefined ? 'empty' : `\`${fallback}\``;
  const sentences = [
    settingMeanings[name],
    ...(secret ? [`\`${name}_FILE\` names a file instead.`] : []),
    ...(alias === undefined ? [] : [`\`${alias}\` takes precedence.`]),
  ];
  const cells = [`\`${name}\``, expected, required ? 'required' : standard, sentences.join(' ')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

const limits = `## Fixed limits

| what | limit |
| --- | --- |
| request headers | 16 KiB, 5 s |
| request body | 16,384 bytes |
| whole request | 15 s |
| idle connection | 75 s |
| answer of Aerospike Cloud | 1 MiB |
| document of an issuer | 256 KiB, 5 s |
`;
