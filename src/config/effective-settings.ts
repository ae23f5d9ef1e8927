// What each setting is and where that comes from, for showing to an operator. Never holds a secret's value, nor the query
// or the credentials of a URL.
import { type Environment, variableOf } from './load.ts';
import { type Setting, type SettingName, settingGroups, settings } from './schema.ts';

type SettingSource = 'environment' | 'file' | 'default';

export interface EffectiveSetting {
  readonly name: SettingName;
  readonly source: SettingSource;
  /** A secret: `set`, or the name of its file. Otherwise the text as it is given, or `undefined` when there is none. */
  readonly value: string | undefined;
}

export interface EffectiveGroup {
  readonly title: string;
  readonly settings: readonly EffectiveSetting[];
}

/** Every setting, in the groups and the order of the schema. Only good settings are asked about. */
export function effectiveSettings(environment: Environment): readonly EffectiveGroup[] {
  return settingGroups.map(({ title, names }) => ({
    title,
    settings: names.map((name) => effectiveSetting(name, environment)),
  }));
}

function effectiveSetting(name: SettingName, environment: Environment): EffectiveSetting {
  const { secret, fallback }: Setting<unknown> = settings[name];
  const file = secret ? environment[`${name}_FILE`] || undefined : undefined;
  if (file !== undefined) return { name, source: 'file', value: file };
  const text = environment[variableOf(name, environment)] || undefined;
  if (text === undefined) return { name, source: 'default', value: fallback };
  return { name, source: 'environment', value: secret ? 'set' : withoutSecrets(text) };
}

const withoutSecrets = (text: string): string =>
  /^https?:\/\//i.test(text) ? text.replace(/\?.*$/s, '?…').replace(/\/\/[^/]*@/, '//…@') : text;
