// Hostile contents of Redis: a create with an Idempotency-Key is carried out, what Redis keeps of it is replaced, and the
// create is repeated. What may be replayed is replayed as it stands; anything else gets 503, and nothing is ever sent again.
import assert from 'node:assert/strict';
import { createClient } from '@redis/client';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { startRedis } from '../state/redis-server.ts';
import { openScope } from '../support/scope.ts';
import { edit } from './bodies.ts';
import { canary, clusterIds, type Edit, peeringsOf } from './case.ts';
import { change } from './render.ts';
import { assertUnpolluted, type Surface } from './surface.ts';
import { anyText } from './texts.ts';
import { startWorld } from './world.ts';

export interface StoredAnswerCase {
  /** Fields of the stored hash, over those of the real create. `null` removes one. */
  readonly fields: Readonly<Record<string, string | null>>;
  /** Of the stored answer. */
  readonly edits: readonly Edit[];
  /** Is this answer to be replayed? Left out where nobody knows. */
  readonly expected?: { readonly status: number; readonly body: string } | 'refused';
}

/** JSON, and whether it may be there. */
type Part = readonly [json: string, isGood: boolean];
const pick = (good: readonly string[], bad: readonly string[]): fc.Arbitrary<Part> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...good).map((json): Part => [json, true]) },
    { weight: 1, arbitrary: fc.constantFrom(...bad).map((json): Part => [json, false]) },
  );

const status = pick(
  ['200', '201', '201', '400', '404', '409', '499', '2.01e2'],
  ['199', '302', '500', '503', '0', '-201', '201.5', '"201"', 'null', '[201]', '1e999', '100', '999', 'true'],
);
const encoded = (text: string): string => JSON.stringify(Buffer.from(text, 'latin1').toString('base64'));
const goodBodies = [
  ...['{}', '{"id":"x"}', '[1]', '"x"', 'null', '{"__proto__":{"x":1}}', ' {"a": 1e999 } '],
  `{"filler":"${'f'.repeat(20_000)}"}`,
];
const body = pick(goodBodies.map(encoded), [
  ...['', '{', '<html>', '\xff', '{"a":"\xff"}', `${canary}`, "{'a':1}", '\ufeff{}'].map(encoded).slice(1),
  ...[
    `"${canary}"`,
    '"e30"',
    '"e30=="',
    '7',
    'null',
    '{"type":"Buffer","data":[123,125]}',
    '"e3 0="',
    '["e30="]',
  ],
]);
const json = '"Content-Type":"application/json"';
const headers = pick(
  [
    ...[
      `{${json}}`,
      '{"Content-Type":"application/problem+json; charset=utf-8"}',
      `{${json},"Retry-After":"5"}`,
    ],
    ...[`{${json},"Location":"/x"}`, '{"Content-Type":"application/vnd.x+json"}', `{"Location":"",${json}}`],
    // What is no member of any object is left out.
    `{${json},"__proto__":"x"}`,
  ],
  [
    ...[
      '{}',
      '{"Content-Type":"text/html"}',
      '{"Content-Type":"text/html\\r\\n\\r\\n<script>"}',
      'null',
      '[]',
      '""',
    ],
    ...[
      `{${json},"Set-Cookie":"a=${canary}"}`,
      `{${json},"Location":"/x\\r\\nX: ${canary}"}`,
      '{"content-type":1}',
    ],
    ...[`{${json},"Location":"\\u0000"}`, `{${json},"Location":"\\u20ac"}`, '7'],
    ...[`{${json},"Location":["/x"]}`, `{${json},"Transfer-Encoding":"chunked"}`, '{"Content-Type":null}'],
    ...[`{${json},"Content-Length":"1"}`, `{${json},"Proxy-Status":"x"}`],
  ],
);
const requestId = pick(
  ['', '"a"', `"${'r'.repeat(200)}"`],
  ['""', `"${'r'.repeat(201)}"`, '"a b"', '"\\r\\nX: 1"', '1', 'null', '{}', '"\\u00e9"'],
);
const more = pick(['', '', ''], [`,"x":"${canary}"`, ',"__proto__":{}', ',"sent":"no"']);
const first = pick(
  ['11111111-2222-4333-8444-555555555555'],
  [
    '',
    'x',
    canary,
    'AAAAAAAA-2222-4333-8444-555555555555',
    '11111111-2222-4333-8444-555555555555 ',
    '11111111-2222-4333-8444-55555555555\n',
  ],
);

const built: fc.Arbitrary<StoredAnswerCase> = fc
  .record({ status, body, headers, requestId, more, first })
  .map((parts) => {
    const [id] = parts.requestId;
    const answer = `{"status":${parts.status[0]},"headers":${parts.headers[0]},"body":${parts.body[0]}${id === '' ? '' : `,"requestId":${id}`}${parts.more[0]}}`;
    const isGood = Object.values(parts).every(([, good]) => good);
    const text = isGood ? Buffer.from(JSON.parse(parts.body[0]) as string, 'base64').toString('latin1') : '';
    return {
      fields: { answer, first: parts.first[0] },
      edits: [],
      expected: isGood ? { status: Number(parts.status[0]), body: text } : 'refused',
    };
  });

const edited = fc
  .tuple(built, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([{ fields }, edits]): StoredAnswerCase => ({ fields, edits }));

const loose: fc.Arbitrary<StoredAnswerCase> = fc
  .tuple(
    fc.constantFrom('answer', 'first', 'state', 'requests', 'lease', 'owner'),
    fc.oneof(
      fc.constant(null),
      fc.json({ maxDepth: 3 }),
      anyText(60),
      fc.constantFrom(
        ...[
          '',
          '0',
          '-1',
          '1e400',
          'nan',
          'inf',
          'running',
          'indeterminate',
          'answered',
          '{',
          'null',
          canary,
        ],
        ...[`${'['.repeat(20_000)}`, `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, '9'.repeat(400)],
        ...[
          '11111111-2222-4333-8444-555555555555',
          `${'11111111-2222-4333-8444-555555555555 '.repeat(300)}x`,
        ],
      ),
    ),
    fc.constantFrom<Record<string, string>>({}, {}, { state: 'running' }, { state: 'indeterminate' }),
  )
  .map(([field, value, others]) => ({ fields: { ...others, [field]: value }, edits: [] }));

const create = {
  ...{ vpcId: 'vpc-0123456789abcdef0', cidrBlock: '10.20.4.0/22', accountId: '111122223333' },
  ...{ region: 'us-east-1', isSecureConnection: true },
};

export async function startStoredAnswerSurface(): Promise<Surface<StoredAnswerCase>> {
  const scope = openScope();
  const redis = await startRedis(scope);
  const client = createClient({ url: redis.url });
  client.on('error', () => undefined);
  await client.connect();
  scope.after(() => client.destroy());
  const world = await startWorld(
    { REDIS_URL: redis.url, IDEMPOTENCY_TTL_SECONDS: '86400' },
    /"msg":"idempotency keys are unavailable"|"code":"idempotency-unavailable"/,
  );
  scope.after(() => world.stop());
  const agent = new Agent();
  scope.after(() => agent.destroy());
  const token = { kind: 'good', profile: 'payments', scheme: 'Bearer ' } as const;
  const [authorization = ''] = world.mint.render(token).values;
  const send = async (): Promise<Reply> => {
    const answer = await request(`http://127.0.0.1:${world.port}${peeringsOf(clusterIds[0])}`, {
      method: 'POST',
      dispatcher: agent,
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': 'a-key' },
      body: JSON.stringify(create),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      bytes: Buffer.from(await answer.body.arrayBuffer()),
    };
  };
  const [path, body] = [`/v1${peeringsOf(clusterIds[0])}`, JSON.stringify(create)];
  world.watch.permit([{ method: 'POST', path, body }]);
  assert.equal((await send()).status, 201, 'the create that is to be repeated');
  const [key = '', ...others] = (await client.keys('peergate:idempotency:*')) as string[];
  assert.equal(others.length, 0);
  const real = { ...(await client.hGetAll(key)) } as Record<string, string>;
  const { posts } = world.watch.counts;

  return {
    arbitrary: fc.oneof(
      { weight: 6, arbitrary: built },
      { weight: 3, arbitrary: edited },
      { weight: 2, arbitrary: loose },
    ),
    size: ({ fields }) => Object.values(fields).join('').length,
    async check({ fields, edits, expected }) {
      const all = Object.entries({ ...real, ...fields }).filter(([, value]) => value !== null) as [
        string,
        string,
      ][];
      const stored = all.map(([name, value]): [string, Buffer] => {
        const bytes = Buffer.from(value);
        return [name, name === 'answer' ? change(bytes, edits) : bytes];
      });
      // What an earlier case did is not this one's fault.
      world.watch.faults.length = 0;
      await client.del(key);
      await client.sendCommand(['HSET', key, ...stored.flat()]);
      const answer = await send();
      assertUnpolluted();
      assert.equal(world.watch.counts.posts, posts, 'a create was sent again');
      assertAnswer(answer, expected);
      const seen = answer.status === 503 || expected === 'refused' ? [answer.bytes.toString()] : [];
      world.watch.endBatch(seen, new Set());
      world.watch.assertNone();
      return `${answer.status}`;
    },
    stop: () => scope.close(),
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

function assertAnswer(
  { status: actual, headers: fields, bytes }: Reply,
  expected: StoredAnswerCase['expected'],
): void {
  const text = bytes.toString('latin1');
  const isReplay = fields['idempotency-replayed'] === 'true';
  if (typeof expected === 'object') {
    assert.equal(actual, expected.status, text);
    assert.ok(isReplay, 'a replay says that it is one');
    assert.equal(text, expected.body);
    return;
  }
  if (isReplay) {
    assert.equal(expected, undefined, `an answer was replayed that must not be: ${text}`);
    assert.ok((actual >= 200 && actual < 300) || (actual >= 400 && actual < 500), `status ${actual}`);
    if (text !== '') JSON.parse(bytes.toString());
    return;
  }
  const { code } = JSON.parse(text) as { code?: unknown };
  const codes = expected === 'refused' ? ['idempotency-unavailable'] : refusals;
  assert.ok(codes.includes(String(code)), `${actual} ${text}`);
  assert.equal(actual === 503, code === 'idempotency-unavailable');
}

/** What another state of the key than an answer can come to. The peering of the create is there. */
const refusals = [
  ...['idempotency-unavailable', 'idempotency-key-running', 'idempotency-key-reused', 'vpc-peered-already'],
];
