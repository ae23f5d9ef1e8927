// Takes the queries of docs/audit.md out of it, each with the answer that stands below it, and runs them on a log: the jq ones
// in a shell, the SQL in DuckDB. Answers are rows of text, whatever they were aligned with.
import { spawnSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import { root } from './documents.ts';

export interface Answer {
  /** Names of the columns; jq gives none. */
  readonly head: readonly string[] | undefined;
  readonly rows: readonly (readonly string[])[];
}

export interface Query {
  /** The heading above it. */
  readonly question: string;
  readonly language: 'sh' | 'sql';
  readonly text: string;
  readonly documented: Answer;
}

const parts = /^###? (.+)$|^```(sh|sql|text)\n([\s\S]*?)^```$/gm;

/** Every query below a numbered heading. Throws when one has no answer. */
export function queriesIn(document: string): Query[] {
  const queries: Query[] = [];
  let question = '';
  let waiting: Omit<Query, 'documented'>[] = [];
  for (const [, heading, language, text = ''] of document.matchAll(parts)) {
    if (heading !== undefined) {
      if (waiting.length > 0) throw new Error(`no answer below ${question}`);
      question = /^\d+\. /.test(heading) ? heading : '';
    } else if (question === '') {
      // What stands outside the questions is no answer to one.
    } else if (language === 'text') {
      const documented = answerIn(text);
      queries.push(...waiting.map((query) => ({ ...query, documented })));
      waiting = [];
    } else {
      waiting.push({ question, language: language as 'sh' | 'sql', text });
    }
  }
  if (waiting.length > 0) throw new Error(`no answer below ${question}`);
  return queries;
}

function answerIn(text: string): Answer {
  const [head, ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  return { head, rows };
}

/** In the folder of the log, as an auditor's shell does it; fails on any complaint. */
export function runShell(text: string, folder: string): string {
  const command = text.replaceAll('bin/peergate', `"${process.execPath}" "${root}bin/peergate"`);
  const ran = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    cwd: folder,
    encoding: 'utf8',
    env: process.env,
  });
  if (ran.stderr !== '') throw new Error(ran.stderr);
  return ran.stdout;
}

export function runJq(text: string, folder: string): Answer {
  const lines = runShell(text, folder).split('\n').slice(0, -1);
  return { head: undefined, rows: lines.map((line) => line.split('\t')) };
}

/** A database whose files are those of the folder, as in a shell of DuckDB that was started there. */
export async function openDuckDb(folder: string, view: string) {
  const instance = await DuckDBInstance.create(':memory:', { file_search_path: folder });
  const connection = await instance.connect();
  await connection.run(view);
  return {
    async ask(text: string): Promise<Answer> {
      const result = await connection.runAndReadAll(text);
      return { head: result.columnNames(), rows: result.getRowsJson().map((row) => row.map(String)) };
    },
    close(): void {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
