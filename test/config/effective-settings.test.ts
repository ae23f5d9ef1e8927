// What `check` shows of the settings: every one of them, where it comes from, and nothing secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveSettings } from '../../src/config/effective-settings.ts';
import type { Environment } from '../../src/config/load.ts';
import { settingGroups, settings } from '../../src/config/schema.ts';

function shown(environment: Environment, name: string) {
  const all = effectiveSettings(environment).flatMap((group) => group.settings);
  const found = all.find((setting) => setting.name === name);
  return [found?.source, found?.value];
}

test('every setting stands in exactly one group, in the order of the settings', () => {
  const grouped = settingGroups.flatMap(({ names }) => names);
  assert.deepEqual(grouped, Object.keys(settings));
});

test('a setting comes from the environment or is the default, and an empty variable is the default', () => {
  assert.deepEqual(shown({ PORT: '8081' }, 'PORT'), ['environment', '8081']);
  assert.deepEqual(shown({ PORT: '8080' }, 'PORT'), ['environment', '8080']);
  assert.deepEqual(shown({ PORT: '' }, 'PORT'), ['default', '8080']);
  assert.deepEqual(shown({}, 'AUDIT_FILE'), ['default', undefined]);
});

test('of a secret only the name of its file is shown, or that it is set', () => {
  for (const name of ['AEROSPIKE_CLIENT_ID', 'AEROSPIKE_CLIENT_SECRET', 'REDIS_URL']) {
    assert.deepEqual(shown({ [name]: 'rediss://u:hidden@a' }, name), ['environment', 'set']);
    assert.deepEqual(shown({ [`${name}_FILE`]: 'folder/secret' }, name), ['file', 'folder/secret']);
  }
});

test('the variable of a file is one setting and not the file of another', () => {
  assert.deepEqual(shown({ AUTH_JWKS_FILE: 'keys.json' }, 'AUTH_JWKS_FILE'), ['environment', 'keys.json']);
  assert.deepEqual(shown({ AUTH_AUDIENCE_FILE: 'x' }, 'AUTH_AUDIENCE'), ['default', undefined]);
});

test('the query of a URL, which may hold a key, is not shown', () => {
  const url = 'https://idp.acme.example/keys';
  assert.deepEqual(shown({ AUTH_JWKS_URI: `${url}?api_key=hidden` }, 'AUTH_JWKS_URI'), [
    'environment',
    `${url}?…`,
  ]);
  assert.deepEqual(shown({ AUTH_JWKS_URI: url }, 'AUTH_JWKS_URI'), ['environment', url]);
});

test('the credentials of an egress proxy are not shown', () => {
  const url = 'http://user:hidden@proxy.acme.example:3128';
  for (const name of ['HTTPS_PROXY', 'https_proxy'])
    assert.deepEqual(shown({ [name]: url }, 'HTTPS_PROXY'), [
      'environment',
      'http://…@proxy.acme.example:3128',
    ]);
});
