// The agent against a host that is played. Every result is held against the agent's own schema.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CallError, type Reply, byteLength, textOf } from '../../templates/typescript/src/sdk/index.ts';
import { type Play, gives, played, says } from '../../templates/typescript/src/sdk/played.ts';
import { run } from '../src/agent.ts';
import type { Requirement, Scope } from '../src/answers.ts';
import { description } from '../src/description.ts';
import type { Report } from '../src/report.ts';

const [{ input_schema, output_schema }] = description.actions;
const schemas = new Ajv2020({ strict: false, allErrors: true });
const matches = schemas.compile(output_schema);
const isPayload = schemas.compile(input_schema);

const brief = 'A booking page for our three meeting rooms.';

const scope: Scope = {
  summary: 'Staff book meeting rooms.',
  areas: [
    { name: 'Booking', covers: 'Taking and giving back a room.' },
    { name: 'The whole', covers: 'What holds everywhere.' },
  ],
  assumptions: ['Everybody may book.'],
  open_questions: [{ question: 'How far ahead?', why: 'It bounds the calendar.' }],
  out_of_scope: ['Catering.'],
};

function requirement(statement: string, more: Partial<Requirement> = {}): Requirement {
  return { kind: 'functional', statement, priority: 'must', acceptance: [`${statement} is seen.`], ...more };
}

const booking = gives({ requirements: [requirement('A room is booked.'), requirement('A booking is given back.')] });
const quality = gives({ requirements: [requirement('It answers in a second.', { kind: 'quality', priority: 'should' })] });

function analyze(play: Play, payload: object = { brief }) {
  assert.ok(isPayload(payload), JSON.stringify(isPayload.errors));
  const host = played(play);
  const report = JSON.parse(JSON.stringify(run(host, 'analyze', payload))) as Report;
  assert.ok(matches(report), JSON.stringify(matches.errors));
  assert.equal(report.complete, report.missing.length === 0);
  assert.deepEqual(Object.keys(host.artifacts), report.files);
  const written = JSON.parse(host.artifacts['requirements.json']);
  assert.deepEqual(written.requirements, report.requirements);
  for (const { id } of report.requirements) assert.ok(host.artifacts['requirements.md'].includes(`### ${id} (`), id);
  return { host, report };
}

function cut(value: unknown, at: number): Reply {
  return says(JSON.stringify(value).slice(0, at), 'max_tokens');
}

function wishOf(host: ReturnType<typeof played>, call: number): string {
  return textOf({ ...says(''), content: host.asked[call].messages.at(-1)!.content });
}

test('a brief becomes requirements, area by area', () => {
  const { host, report } = analyze({ answers: [gives(scope), booking, quality] });
  assert.deepEqual(report.requirements.map(({ id, statement }) => `${id} ${statement}`), [
    'R1 A room is booked.', 'R2 A booking is given back.', 'R3 It answers in a second.',
  ]);
  assert.deepEqual([report.complete, report.calls, report.cost_usd], [true, 3, 0.003]);
  assert.deepEqual(report.open_questions, scope.open_questions);
  assert.match(wishOf(host, 2), /<written>\n- A room is booked\.\n- A booking is given back\.\n<\/written>/);
  assert.equal(host.artifacts['requirements.md'], `# Requirements

Staff book meeting rooms.

## Booking

### R1 (must, functional)

A room is booked.

- [ ] A room is booked. is seen.

### R2 (must, functional)

A booking is given back.

- [ ] A booking is given back. is seen.

## The whole

### R3 (should, quality)

It answers in a second.

- [ ] It answers in a second. is seen.

## Open questions

- **How far ahead?** It bounds the calendar.

## Assumptions

- Everybody may book.

## Out of scope

- Catering.
`);
});

test('a job that is run again asks the same', () => {
  const play = { answers: [gives(scope), booking, quality], files: { 'b.md': 'b', 'a.md': 'a' } };
  const [one, two] = [analyze(play), analyze(play)];
  assert.deepEqual(one.host.asked, two.host.asked);
});

test('what is there already is left out', () => {
  const again = gives({ requirements: [requirement('A  room is BOOKED'), requirement('It is blue.')] });
  const { report, host } = analyze({ answers: [gives(scope), booking, again] });
  assert.deepEqual(report.requirements.map(({ statement }) => statement), [
    'A room is booked.', 'A booking is given back.', 'It is blue.',
  ]);
  assert.ok(host.lines.some((line) => line.startsWith('left out, since it is there already')));
});

test('a malformed answer is repaired once, wherever it comes', () => {
  const faulty: [unknown, RegExp][] = [
    [{ ...scope, areas: [] }, /areas has 0 items, and the least is 1/],
    [{ ...scope, areas: [scope.areas[0], { ...scope.areas[1], name: 'booking ' }] }, /two areas have the name "booking"/],
    [{ ...scope, summary: 7 }, /summary is integer, not string/],
    [{ requirements: 'none' }, /has no summary/],
  ];
  for (const [answer, why] of faulty) {
    const { host, report } = analyze({ answers: [gives(answer), gives(scope), booking, quality] });
    assert.equal(report.calls, 4);
    assert.match(wishOf(host, 1), why);
    assert.equal(host.lines.filter((line) => line.startsWith('repair: ')).length, 1);
  }
  const bad = [
    says('Here they are: R1'),
    gives({ requirements: [requirement('x', { kind: 'nice' as never })] }),
    gives({ requirements: [requirement('x', { acceptance: [] })] }),
    gives({ requirements: [requirement('x'.repeat(900))] }),
  ];
  for (const answer of bad) {
    const { report } = analyze({ answers: [gives(scope), answer, booking, quality] });
    assert.deepEqual([report.complete, report.requirements.length], [true, 3]);
  }
});

test('an answer that is nested deeper than can be read is malformed', () => {
  const deep = says('['.repeat(5_000) + ']'.repeat(5_000));
  assert.throws(() => run(played({ answers: [deep, deep] }), 'analyze', { brief }), {
    kind: 'bad-reply', message: /more than 100 lists and objects within each other/,
  });
});

test('a second malformed answer is a failure by name', () => {
  for (const answers of [[says('No.'), says('No.')], [gives(scope), says('No.'), gives({ requirements: [{}] })]]) {
    assert.throws(() => run(played({ answers }), 'analyze', { brief }), {
      kind: 'bad-reply', message: /^the answer was malformed twice: /,
    });
  }
});

test('of a scope that was cut, what is complete is taken and the rest is asked for once', () => {
  const whole = JSON.stringify(scope);
  const at = whole.indexOf('"The whole"');
  const rest = { areas: [scope.areas[1]], assumptions: scope.assumptions, open_questions: [], out_of_scope: ['Catering.'] };
  const { host, report } = analyze({ answers: [cut(scope, at), gives(rest), booking, quality] });
  assert.deepEqual([report.complete, report.requirements.length], [true, 3]);
  assert.match(wishOf(host, 1), /"Booking"/);
  const second = analyze({ answers: [cut(scope, at), cut(rest, 40), booking] });
  assert.deepEqual(second.report.missing, ['the scope was cut twice: areas, assumptions or open questions may be missing']);
});

test('each reason that is no end of Claude\'s own is a cut', () => {
  const at = JSON.stringify(scope).indexOf('"The whole"');
  const rest = { areas: [scope.areas[1]], assumptions: scope.assumptions, open_questions: [], out_of_scope: ['Catering.'] };
  for (const reason of ['max_tokens', 'model_context_window_exceeded', 'pause_turn', 'tool_use', 'a_new_reason', 'unknown']) {
    const half = { ...cut(scope, at), stop_reason: reason };
    const { report } = analyze({ answers: [half, gives(rest), booking, quality] });
    assert.deepEqual([report.complete, report.requirements.length, report.calls], [true, 3, 4], reason);
  }
});

test('a scope may be cut anywhere behind its summary', () => {
  const whole = JSON.stringify(scope);
  const least = whole.indexOf('"areas"');
  const none = gives({ areas: [], assumptions: [], open_questions: [], out_of_scope: [] });
  for (let at = 1; at < whole.length; at++) {
    const answers = [cut(scope, at), none, booking, quality];
    if (at < least - 1) assert.throws(() => run(played({ answers }), 'analyze', { brief }), { kind: 'final' });
    else analyze({ answers });
  }
});

test('of requirements that were cut, the complete ones are kept and the rest is asked for once', () => {
  const all = { requirements: [requirement('One.'), requirement('Two.'), requirement('Three.')] };
  const at = JSON.stringify(all).indexOf('Three.');
  const rest = gives({ requirements: [requirement('Three.')] });
  const { host, report } = analyze({ answers: [gives(scope), cut(all, at), rest, quality] });
  assert.deepEqual(report.requirements.map(({ id, statement }) => `${id} ${statement}`), [
    'R1 One.', 'R2 Two.', 'R3 Three.', 'R4 It answers in a second.',
  ]);
  assert.equal(report.complete, true);
  assert.match(wishOf(host, 2), /<written>\n- One\.\n- Two\.\n<\/written>/);
  const twice = analyze({ answers: [gives(scope), cut(all, at), cut({ requirements: [] }, 10), quality] });
  assert.equal(twice.report.requirements.length, 3);
  assert.deepEqual(twice.report.missing, ['requirements of the area "Booking" may be missing: the answer was cut twice']);
});

test('a refusal of the scope ends the job, one of an area leaves that area out', () => {
  const refused = says('', 'refusal');
  assert.throws(() => run(played({ answers: [refused] }), 'analyze', { brief }), { kind: 'final' });
  const { report } = analyze({ answers: [gives(scope), refused, quality] });
  assert.deepEqual(report.missing, ['requirements of the area "Booking": Claude refused to answer']);
  assert.equal(report.requirements.length, 1);
});

test('where the money ends, what there is is delivered', () => {
  for (const kind of ['over-budget', 'calls-exhausted']) {
    const spent = new CallError(kind, 'the job may spend no more');
    assert.throws(() => run(played({ answers: [spent] }), 'analyze', { brief }), { kind: 'over-budget' });
    const early = analyze({ answers: [gives(scope), spent] });
    assert.deepEqual(early.report.requirements, []);
    assert.deepEqual(early.report.missing, [
      'requirements of the area "Booking": the job may spend no more',
      'requirements of the area "The whole": the job may spend no more',
    ]);
    assert.match(early.host.artifacts['requirements.md'], /> Not complete:\n> - requirements of the area "Booking"/);
    const late = analyze({ answers: [gives(scope), booking, spent] });
    assert.deepEqual([late.report.requirements.length, late.report.missing.length], [2, 1]);
    const all = { requirements: [requirement('One.'), requirement('Two.')] };
    const within = analyze({ answers: [gives(scope), cut(all, JSON.stringify(all).indexOf('Two.')), spent] });
    assert.equal(within.report.missing[0], 'further requirements of the area "Booking": the job may spend no more');
    const cutScope = analyze({ answers: [cut(scope, JSON.stringify(scope).length - 3), spent, spent] });
    assert.match(cutScope.report.missing[0], /^the scope was cut, and the rest of it is missing: /);
  }
});

test('an error that may pass is none to deliver by: the host tries again', () => {
  for (const kind of ['internal', 'upstream', 'overloaded', 'unknown-outcome']) {
    const error = new CallError(kind, 'later');
    for (const answers of [[error], [gives(scope), error]]) {
      assert.throws(() => run(played({ answers }), 'analyze', { brief }), { kind: 'internal' });
    }
  }
});

test('files are read, and those that cannot be are named', () => {
  const files = { 'brief.md': '# More\nRooms have numbers.', 'logo.png': new Uint8Array([137, 80, 0]), 'empty.txt': '' };
  const { host, report } = analyze({ answers: [gives(scope), booking, quality], files });
  assert.match(wishOf(host, 0), /<file name="brief\.md">\n# More\nRooms have numbers\.\n<\/file>/);
  assert.deepEqual(report.missing, [
    'empty.txt was not read: it is empty', 'logo.png was not read: it is not text in UTF-8',
  ]);
});

test('no request is larger than a call may be, and what was cut is told once', () => {
  const large = 'A room has a number and a name. It may be taken.\n\n'.repeat(2000);
  const statements = Array.from({ length: 40 }, (_, n) => requirement(`${n} ${'is long '.repeat(80)}`));
  const six = { ...scope, areas: Array.from({ length: 6 }, (_, n) => ({ name: `${n}`, covers: 'x'.repeat(700) })) };
  const answers = six.areas.map(({ name }) => gives({ requirements: statements.map((r) => ({ ...r, statement: name + r.statement })) }));
  const files = { 'a.md': large, 'b.md': 'small' };
  const { host, report } = analyze({ answers: [gives(six), ...answers], files }, { brief: large, constraints: 'small too' });
  for (const request of host.asked) assert.ok(byteLength(JSON.stringify(request)) < (8000 - 2000 - 300) * 2.5, 'too large');
  assert.deepEqual(report.missing.map((sentence) => sentence.replace(/\d+/g, 'N')), [
    'the brief was cut: a call has room for its first N of N bytes',
    'a.md was cut: a call has room for its first N of N bytes',
  ]);
  assert.match(wishOf(host, 0), /<file name="b\.md">\nsmall\n/);
});

test('a host without room for the brief is told what to do', () => {
  const play = { allowance: { max_input_tokens: 2500, max_output_tokens: 500 } };
  assert.throws(() => run(played(play), 'analyze', { brief: brief.repeat(100) }), {
    kind: 'invalid-input', message: /raise max_input_tokens/,
  });
});

test('the output limit of the host bounds what is asked for', () => {
  const { host } = analyze({ answers: [gives(scope), booking, quality], allowance: { max_output_tokens: 600 } });
  assert.deepEqual(host.asked.map(({ max_output_tokens }) => max_output_tokens), [600, 600, 600]);
  assert.match(wishOf(host, 1), /at most 4, each/);
});

test('what the host cannot ask, is refused in words', () => {
  assert.throws(() => run(played(), 'design', { brief }), { kind: 'invalid-input', message: /there is `analyze`/ });
  assert.throws(() => run(played(), 'analyze', { brief: ' \n' }), { kind: 'invalid-input' });
  assert.equal(isPayload({ brief, more: 1 }), false);
  assert.equal(isPayload({}), false);
});

test('what Claude writes makes no headings and no lines of its own', () => {
  const sly = gives({ requirements: [requirement('A room\n\n# is booked', { acceptance: ['x\n- [x] done'] })] });
  const { host } = analyze({ answers: [gives({ ...scope, areas: [scope.areas[0]] }), sly] });
  assert.doesNotMatch(host.artifacts['requirements.md'], /^# is booked|^- \[x\]/m);
});
