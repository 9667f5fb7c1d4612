// The agent against a host that is played. Every result is held against the agent's own schema, and every test file that it
// hands over is JavaScript that Node reads.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CallError, type Reply, byteLength, textOf } from '../../templates/typescript/src/sdk/index.ts';
import { type Play, type Played, gives, played, says } from '../../templates/typescript/src/sdk/played.ts';
import { type Report, run } from '../src/agent.ts';
import { description } from '../src/description.ts';
import type { Plan, TestFile } from '../src/plan.ts';

const [{ input_schema, output_schema }] = description.actions;
const schemas = new Ajv2020({ strict: false, allErrors: true });
const matches = schemas.compile(output_schema);
const isPayload = schemas.compile(input_schema);

const files = [{ path: 'src/add.js', content: 'export const add = (a, b) => a + b;\n' }];
const payload = { files };

function testFile(path: string, ...cases: string[]): TestFile {
  return { path, sources: ['src/add.js'], cases: cases.map((what) => ({ target: 'add', case: what, kind: 'unit' })) };
}

const plan: Plan = {
  framework: 'node:test',
  run: 'node --test test/',
  files: [testFile('test/add.test.js', 'adds', 'refuses text'), testFile('test/limits.test.js', 'adds what is large')],
  untested: [{ target: 'the command line', why: 'it was not given' }],
};

const content = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add } from '../src/add.js';

test('adds', () => {
  assert.equal(add(1, 2), 3);
});

test('refuses text', () => {
  assert.throws(() => add('1', 2), TypeError);
});
`;

function fence(path: string, text = content): string {
  return `\`\`\`js ${path}\n${text}\`\`\`\n`;
}

const [first, second] = [says(fence('test/add.test.js')), says(fence('test/limits.test.js'))];

function cut(text: string): Reply {
  return says(text, 'max_tokens');
}

/** Reasons that are no end of Claude's own, one of them of the future. */
const CUTS = ['max_tokens', 'model_context_window_exceeded', 'pause_turn', 'tool_use', 'a_new_reason', 'unknown'];

function generate(play: Play, given: object = payload) {
  assert.ok(isPayload(given), JSON.stringify(isPayload.errors));
  const host = played(play);
  const report = JSON.parse(JSON.stringify(run(host, 'generate-tests', given))) as Report;
  assert.ok(matches(report), JSON.stringify(matches.errors));
  assert.equal(report.complete, report.missing.length === 0);
  assert.deepEqual(Object.keys(host.artifacts), report.files.map(({ path }) => path));
  for (const { path, bytes } of report.files) {
    assert.equal(byteLength(host.artifacts[path]), bytes);
    parses(host.artifacts[path]);
  }
  return { host, report };
}

const parsed = new Set<string>();

function parses(text: string): void {
  if (parsed.has(text)) return;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--check'], { input: text });
  assert.equal(status, 0, String(stderr));
  parsed.add(text);
}

function wishOf(host: Played, call: number): string {
  return textOf({ ...says(''), content: host.asked[call].messages.at(-1)!.content });
}

test('code becomes tests, file by file', () => {
  const { host, report } = generate({ answers: [gives(plan), first, second] });
  assert.deepEqual(report, {
    framework: 'node:test',
    run: 'node --test test/',
    plan: [...plan.files[0].cases, ...plan.files[1].cases],
    files: [
      { path: 'test/add.test.js', covers: ['add'], bytes: content.length },
      { path: 'test/limits.test.js', covers: ['add'], bytes: content.length },
    ],
    untested: plan.untested,
    complete: true,
    missing: [],
    calls: 3,
    cost_usd: 0.003,
  });
  assert.equal(host.artifacts['test/add.test.js'], content);
});

test('a job that is run again asks the same', () => {
  const play = { answers: [gives(plan), first, second], files: { 'b.js': 'b;', 'a.js': 'a;' } };
  assert.deepEqual(generate(play).host.asked, generate(play).host.asked);
});

test('files of the job are code as well, and a test file is written from its own sources', () => {
  const given: Plan = { ...plan, files: [{ ...testFile('test/b.test.js', 'is'), sources: ['b.js'] }] };
  const play = { answers: [gives(given), says(fence('test/b.test.js'))], files: { 'b.js': 'export const b = 1;', 'x.bin': new Uint8Array([0]) } };
  const { host, report } = generate(play);
  assert.match(wishOf(host, 0), /<file name="src\/add\.js">[\s\S]*<file name="b\.js">\nexport const b = 1;\n<\/file>/);
  assert.doesNotMatch(wishOf(host, 1), /src\/add\.js/);
  assert.deepEqual(report.missing, ['x.bin was not read: it is not text in UTF-8']);
  const alone = generate({ ...play, files: { 'b.js': 'export const b = 1;' } }, { requirements: 'R1: b is 1.' });
  assert.match(wishOf(alone.host, 1), /<requirements>\nR1: b is 1\.\n<\/requirements>/);
  assert.equal(alone.report.complete, true);
});

test('without code there is nothing to test', () => {
  const odd = { files: { 'x.bin': new Uint8Array([0]) } };
  for (const [play, given, why] of [
    [{}, {}, /there is no code to test/],
    [odd, { files: [{ path: 'a.js', content: ' ' }] }, /x\.bin was not read: it is not text in UTF-8; a\.js was not read: it is empty/],
    [{}, { requirements: 'R1' }, /give `files`/],
  ] as const) {
    assert.throws(() => run(played(play), 'generate-tests', given), { kind: 'invalid-input', message: why });
  }
  assert.throws(() => run(played(), 'test', payload), { kind: 'invalid-input', message: /there is `generate-tests`/ });
  assert.equal(isPayload({ files: [{ path: '', content: '' }] }), false);
});

test('a file that is given twice is read once, and it is said', () => {
  const { report, host } = generate({ answers: [gives(plan), first, second], files: { 'src/add.js': 'other' } });
  assert.deepEqual(report.missing, ['src/add.js was given twice; the first was read']);
  assert.doesNotMatch(wishOf(host, 0), /other/);
});

test('a malformed plan is repaired once', () => {
  const faulty: [unknown, RegExp][] = [
    [{ ...plan, files: [] }, /files has 0 items/],
    [{ ...plan, files: [testFile('../out.js', 'x')] }, /the path "\.\.\/out\.js" is none/],
    [{ ...plan, files: [testFile('/etc/passwd', 'x')] }, /it is absolute/],
    [{ ...plan, files: [testFile('src/add.js', 'x')] }, /src\/add\.js is the code itself/],
    [{ ...plan, files: [testFile('SRC/Add.js', 'x')] }, /SRC\/Add\.js is the code itself \(src\/add\.js: on many disks/],
    [{ ...plan, files: [testFile('a.js', 'x'), testFile('a.js', 'y')] }, /a\.js comes twice/],
    [{ ...plan, files: [testFile('a.js', 'x'), testFile('A.js', 'y')] }, /A\.js comes twice \(a\.js: /],
    [{ ...plan, files: [testFile('a.js')] }, /cases has 0 items/],
    [{ ...plan, files: [{ ...testFile('a.js', 'x'), sources: ['src/sub.js'] }] }, /sources\[0\] is none of src\/add\.js/],
    [{ ...plan, framework: '' }, /framework has 0 characters/],
    [[plan], /is array, not object/],
  ];
  for (const [answer, why] of faulty) {
    const { host, report } = generate({ answers: [gives(answer), gives(plan), first, second] });
    assert.equal(report.calls, 4);
    assert.match(wishOf(host, 1), why);
    assert.match(host.lines[0], /^repair: /);
  }
});

test('a malformed test file is repaired once', () => {
  const faulty: [string, RegExp][] = [
    ['Here are your tests.', /no fenced block/],
    ['```js test/add.test.js\n\n```', /the fenced block is empty/],
    [`${fence('test/add.test.js')}\n${fence('test/more.test.js')}`, /^$/],
    [`${fence('a.js')}${fence('b.js')}`, /more fenced blocks than the one of test\/add\.test\.js/],
    ['```js test/add.test.js\nconst markdown = `\n```\ncode\n```\n`;\n```\n', /fence the file with more backticks/],
  ];
  for (const [answer, why] of faulty) {
    const isFine = why.source === '^$';
    const answers = [gives(plan), says(answer), ...(isFine ? [] : [first]), second];
    const { host, report } = generate({ answers });
    assert.deepEqual([report.complete, report.calls], [true, isFine ? 3 : 4], answer);
    if (!isFine) assert.match(wishOf(host, 2), why);
  }
});

test('an answer that is nested deeper than can be read is malformed', () => {
  const deep = says('['.repeat(5_000) + ']'.repeat(5_000));
  assert.throws(() => run(played({ answers: [deep, deep] }), 'generate-tests', payload), {
    kind: 'bad-reply', message: /more than 100 lists and objects within each other/,
  });
});

test('a second malformed answer is a failure by name', () => {
  for (const answers of [[says('No.'), says('No.')], [gives(plan), says('No.'), says('No.')]]) {
    assert.throws(() => run(played({ answers }), 'generate-tests', payload), {
      kind: 'bad-reply', message: /^the answer was malformed twice: /,
    });
  }
});

test('remarks, commands and a fence without a name do no harm', () => {
  const answers = [`Here:\n\n${fence('test/add.test.js')}\nRun:\n\n\`\`\`sh\nnode --test\n\`\`\`\n`, `\`\`\`js\n${content}\`\`\``];
  const { host } = generate({ answers: [gives(plan), ...answers.map((answer) => says(answer))] });
  assert.deepEqual(Object.values(host.artifacts), [content, content]);
});

test('a test file that was cut is continued, whichever way Claude goes on', () => {
  const whole = fence('test/add.test.js');
  const lines = whole.split('\n');
  const one = { ...plan, files: plan.files.slice(0, 1) };
  for (let at = 2; at < lines.length - 2; at++) {
    const before = `${lines.slice(0, at).join('\n')}\n${lines[at].slice(0, 4)}`;
    const behind = lines.slice(at).join('\n');
    const repeated = lines.slice(Math.max(1, at - 3), at).join('\n');
    const ways = [`${repeated}\n${behind}`, behind, `\`\`\`js test/add.test.js\n${behind}`, whole];
    // A repetition of next to nothing cannot be told from a file that has it twice.
    if (repeated.trim().length < 12) ways.shift();
    for (const way of ways) {
      const { host, report } = generate({ answers: [gives(one), cut(before), says(way)] });
      assert.equal(host.artifacts['test/add.test.js'], content, way);
      assert.deepEqual([report.complete, report.calls], [true, 3]);
    }
  }
});

test('however often and wherever an answer ends before its file does, half a file is never handed over', () => {
  const one = { ...plan, files: plan.files.slice(0, 1) };
  const whole = fence('test/add.test.js');
  for (const reason of [...CUTS, 'end_turn', 'stop_sequence']) {
    for (let at = 3; at < whole.length - 1; at += 7) {
      const half = says(whole.slice(0, at), reason);
      const { host, report } = generate({ answers: [gives(one), half, half, half, half] });
      assert.deepEqual([Object.keys(host.artifacts), report.complete, report.missing.length], [[], false, 1], `${reason} at ${at}`);
      assert.match(report.missing[0], /^test\/add\.test\.js was not written: its /);
    }
  }
});

test('an answer that another reason than its length ended is continued as one that was cut', () => {
  const [whole, one] = [fence('test/add.test.js'), { ...plan, files: plan.files.slice(0, 1) }];
  for (const reason of CUTS) {
    const answers = [gives(one), says(whole.slice(0, 150), reason), says(whole)];
    const { host, report } = generate({ answers });
    assert.deepEqual([host.artifacts['test/add.test.js'], report.complete, report.calls], [content, true, 3], reason);
    const half = JSON.stringify(one).slice(0, -20);
    const planned = generate({ answers: [says(half, reason), gives({ files: [], untested: [] }), says(whole)] });
    assert.deepEqual([planned.report.files.length, planned.report.calls], [1, 3], reason);
  }
});

test('a block that Claude itself leaves without its end is asked for again once, and then missing', () => {
  const open = says(fence('test/add.test.js').slice(0, -4));
  const { host, report } = generate({ answers: [gives(plan), open, first, second] });
  assert.deepEqual([report.complete, report.calls], [true, 4]);
  assert.match(host.lines[1], /^repair: the block of test\/add\.test\.js has no end/);
  const never = generate({ answers: [gives(plan), open, open, second] });
  assert.deepEqual(Object.keys(never.host.artifacts), ['test/limits.test.js']);
  assert.match(never.report.missing[0], /^test\/add\.test\.js was not written: its block has no end/);
});

test('a test file that stays cut is none: it would not run', () => {
  const half = fence('test/add.test.js').slice(0, 150);
  const { host, report } = generate({ answers: [gives(plan), cut(half), cut('x;\n'), cut('y;\n'), second] });
  assert.deepEqual(Object.keys(host.artifacts), ['test/limits.test.js']);
  assert.match(report.missing[0], /^test\/add\.test\.js was not written: its answer was cut again and again/);
  assert.deepEqual(report.untested.slice(1), [
    { target: 'add', why: 'adds: its test file was not written' },
    { target: 'add', why: 'refuses text: its test file was not written' },
  ]);
  const none = generate({ answers: [gives(plan), cut(''), second] });
  assert.equal(none.report.files.length, 1);
});

test('an answer that was cut behind its file has the file', () => {
  const { report } = generate({ answers: [gives(plan), cut(fence('test/add.test.js')), second] });
  assert.deepEqual([report.complete, report.calls], [true, 3]);
});

test('of a plan that was cut, what is complete is taken and the rest is asked for once', () => {
  const whole = JSON.stringify(plan);
  const at = whole.indexOf('"test/limits');
  const rest = { files: [plan.files[1]], untested: plan.untested };
  const { host, report } = generate({ answers: [cut(whole.slice(0, at)), gives(rest), first, second] });
  assert.deepEqual([report.complete, report.files.length, report.untested], [true, 2, plan.untested]);
  assert.match(wishOf(host, 1), /<planned>\ntest\/add\.test\.js\n- add \(unit\): adds/);
  const again = generate({ answers: [cut(whole.slice(0, at)), cut(JSON.stringify(rest).slice(0, 20)), first] });
  assert.deepEqual(again.report.missing, ['the plan was cut twice: cases may be missing']);
  const twice = gives({ files: [plan.files[0]], untested: [] });
  assert.match(wishOf(generate({ answers: [cut(whole.slice(0, at)), twice, gives(rest), first, second] }).host, 2), /comes twice/);
});

test('a plan may be cut anywhere behind its first case', () => {
  const whole = JSON.stringify(plan);
  const none = gives({ files: [], untested: [] });
  const least = whole.indexOf('"unit"}') + '"unit"'.length;
  for (let at = 1; at < whole.length; at++) {
    const answers = [cut(whole.slice(0, at)), none, first, second];
    if (at < least) assert.throws(() => run(played({ answers }), 'generate-tests', payload), { kind: 'final' });
    else generateQuickly(answers);
  }
});

function generateQuickly(answers: Reply[]): void {
  assert.ok(matches(JSON.parse(JSON.stringify(run(played({ answers }), 'generate-tests', payload)))));
}

test('a refusal of the plan ends the job, one of a file leaves that file out', () => {
  const refused = says('', 'refusal');
  assert.throws(() => run(played({ answers: [refused] }), 'generate-tests', payload), { kind: 'final' });
  const { report } = generate({ answers: [gives(plan), refused, second] });
  assert.deepEqual(report.missing, ['test/add.test.js was not written: Claude refused to answer']);
  assert.deepEqual(report.files.map(({ path }) => path), ['test/limits.test.js']);
});

test('where the money ends, what there is is delivered', () => {
  for (const kind of ['over-budget', 'calls-exhausted']) {
    const spent = new CallError(kind, 'the job may spend no more');
    assert.throws(() => run(played({ answers: [spent] }), 'generate-tests', payload), { kind: 'over-budget' });
    const early = generate({ answers: [gives(plan), spent] });
    assert.deepEqual([early.report.files, early.report.plan.length, early.report.untested.length], [[], 3, 4]);
    const late = generate({ answers: [gives(plan), first, spent] });
    assert.deepEqual(late.report.files.map(({ path }) => path), ['test/add.test.js']);
    assert.deepEqual(late.report.missing, ['test/limits.test.js was not written: the job may spend no more']);
    const within = generate({ answers: [gives(plan), cut(fence('test/add.test.js').slice(0, 150)), spent] });
    assert.equal(within.report.missing.length, 2);
  }
});

test('an error that may pass is none to deliver by: the host tries again', () => {
  for (const kind of ['internal', 'upstream', 'overloaded', 'unknown-outcome']) {
    const error = new CallError(kind, 'later');
    for (const answers of [[error], [gives(plan), error]]) {
      assert.throws(() => run(played({ answers }), 'generate-tests', payload), { kind: 'internal' });
    }
  }
});

test('more files than are wanted are left out, and what they would test is untested', () => {
  const { report } = generate({ answers: [gives(plan), first] }, { ...payload, files_max: 1 });
  assert.equal(report.complete, true);
  assert.deepEqual(report.untested[1], { target: 'add', why: 'adds what is large: it is beyond the 1 test file that were wanted' });
});

test('a file that the host does not take is left out with its reason', () => {
  const host = played({ answers: [gives(plan), first, second] });
  const { artifact } = host;
  host.artifact = (name, type, text) => {
    if (name === 'test/add.test.js') throw new Error('the job has as many files as it may');
    artifact(name, type, text);
  };
  const report = run(host, 'generate-tests', payload);
  assert.deepEqual(report.missing, ['test/add.test.js was not written: the job has as many files as it may']);
});

test('no request is larger than a call may be, and what was cut is told once', () => {
  const code = Array.from({ length: 20 }, (_, n) => ({ path: `src/f${n}.js`, content: `export const v${n} = ${n};\n`.repeat(n === 0 ? 2000 : 20) }));
  const wide: Plan = {
    ...plan,
    files: Array.from({ length: 6 }, (_, n) => ({ ...testFile(`test/${n}.test.js`, ...Array(16).fill('x'.repeat(150))), sources: ['src/f0.js', `src/f${n + 1}.js`] })),
  };
  const long = `test('x', () => {\n${"  assert.equal(1, 1, 'a line of it');\n".repeat(160)}`;
  const answers = wide.files.flatMap(({ path }) => [cut(`\`\`\`js ${path}\n${long}`), cut(long), says('});\n```\n')]);
  const host = played({ answers: [gives(wide), ...answers] });
  const report = run(host, 'generate-tests', { files: code, requirements: 'R1: all holds. '.repeat(1000) });
  for (const request of host.asked) assert.ok(byteLength(JSON.stringify(request)) / 2.5 < 8000, String(byteLength(JSON.stringify(request))));
  assert.ok(report.missing.some((sentence) => /^the requirements was cut/.test(sentence)));
  assert.equal(new Set(report.missing).size, report.missing.length);
});

test('a host without room for the code is told what to do', () => {
  const play = { allowance: { max_input_tokens: 3000, max_output_tokens: 500 } };
  assert.throws(() => run(played(play), 'generate-tests', { files: [{ path: 'a.js', content: 'a;'.repeat(5000) }] }), {
    kind: 'invalid-input', message: /raise max_input_tokens/,
  });
});
