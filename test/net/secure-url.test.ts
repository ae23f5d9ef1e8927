// Which URLs the gateway may call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback, parseSecureUrl } from '../../src/net/secure-url.ts';

test('a URL is called by https, or by http on this machine', () => {
  const good = [
    'https://a.example',
    'https://a.example:8443/b?c=d',
    'http://localhost:1/',
    'http://127.0.0.1',
    'http://127.9.9.9/',
  ];
  for (const text of [...good, 'http://[::1]:8080/'])
    assert.equal(parseSecureUrl(text)?.href, new URL(text).href);
  const insecure = [
    'http://a.example',
    'http://10.0.0.1',
    'http://127.example',
    'http://127.0.0.1.example',
    'http://[::2]',
  ];
  const others = [
    'ftp://localhost',
    'file:///etc/passwd',
    'ws://localhost',
    'javascript:1',
    'a.example',
    '',
    '//a.example',
  ];
  for (const text of [...insecure, ...others]) assert.equal(parseSecureUrl(text), undefined, text);
});

test('a URL with credentials, a fragment, white space or a backslash is refused, also where a parser would drop it', () => {
  const credentials = [
    'https://u@a.example',
    'https://:p@a.example',
    'https://u:p@a.example',
    'http://u@localhost',
  ];
  const odd = [
    'https://a.example/#',
    'https://a.example#b',
    ' https://a.example',
    'https://a.example\n',
    'https://a.ex\tample',
  ];
  for (const text of [...credentials, ...odd, 'https://a.example/ b', 'https:\\\\a.example'])
    assert.equal(parseSecureUrl(text), undefined, text);
});

test('loopback is localhost, 127.0.0.0/8 and ::1, as a URL names them', () => {
  for (const host of ['localhost', '[::1]', '127.0.0.1', '127.255.255.255'])
    assert.ok(isLoopback(host), host);
  for (const host of [
    '',
    '::1',
    '128.0.0.1',
    '12.7.0.1',
    '127.1',
    '127.example',
    'localhost.example',
    '[::2]',
  ])
    assert.ok(!isLoopback(host), host);
});
