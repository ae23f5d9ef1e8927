import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Terminal, wrap } from '../../sandbox/terminal.ts';

function capture(colours: boolean, print: (terminal: Terminal) => void): string {
  let text = '';
  print(
    new Terminal({
      write(more) {
        text += more;
      },
      colours,
    }),
  );
  return text;
}

const long = `${'word '.repeat(40)}${'x'.repeat(200)}`;
const everything = (terminal: Terminal) => {
  terminal.heading(long);
  terminal.text(long);
  terminal.note(long);
  terminal.field('label', long);
  terminal.verdict(true, long);
  terminal.verdict(false, long);
};

test('no line is wider than 80 columns, but for what is to be copied', () => {
  for (const line of capture(false, everything).split('\n')) assert.ok(line.length <= 80, line);
  assert.equal(
    capture(false, (terminal) => terminal.command(long)),
    `${long}\n`,
  );
});

test('without colours there is no escape sequence, and with them the words are the same', () => {
  const plain = capture(false, everything);
  const coloured = capture(true, everything);
  assert.doesNotMatch(plain, /\p{Cc}(?<!\n)/u);
  assert.notEqual(coloured, plain);
  assert.equal(coloured.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), ''), plain);
});

test('a control character in a value never reaches the terminal', () => {
  const evil = `a${String.fromCharCode(27)}]0;title${String.fromCharCode(7)}\rb`;
  const printed = capture(false, (terminal) => {
    terminal.text(evil);
    terminal.note(evil);
    terminal.field('label', evil);
  });
  assert.doesNotMatch(printed, /\p{Cc}(?<!\n)/u);
});

test('wrapping loses no word and always gives a line', () => {
  assert.deepEqual(wrap('', 10), ['']);
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  const words = (columns: number) => wrap(long, columns).join('').replaceAll(' ', '');
  assert.equal(words(33), words(71));
});
