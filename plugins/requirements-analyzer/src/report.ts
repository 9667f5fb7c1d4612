// The result, and the same for people.

import type { OpenQuestion, Requirement } from './answers.ts';

/** The shape is in `description.ts`. */
export interface Report {
  summary: string;
  requirements: (Requirement & { id: string })[];
  assumptions: string[];
  open_questions: OpenQuestion[];
  out_of_scope: string[];
  complete: boolean;
  missing: string[];
  files: string[];
  calls: number;
  cost_usd: number;
}

/** `requirements.md`. `areas` has the area of each requirement. */
export function markdown(report: Report, areas: string[]): string {
  const lines = ['# Requirements', '', line(report.summary), ''];
  if (!report.complete) lines.push('> Not complete:', ...report.missing.map((sentence) => `> - ${line(sentence)}`), '');
  report.requirements.forEach(({ id, kind, priority, statement, acceptance }, index) => {
    if (areas[index] !== areas[index - 1]) lines.push(`## ${line(areas[index])}`, '');
    lines.push(`### ${id} (${priority}, ${kind})`, '', line(statement), '');
    lines.push(...acceptance.map((criterion) => `- [ ] ${line(criterion)}`), '');
  });
  lines.push(...section('Open questions', report.open_questions.map(({ question, why }) => `**${line(question)}** ${line(why)}`)));
  lines.push(...section('Assumptions', report.assumptions.map(line)));
  lines.push(...section('Out of scope', report.out_of_scope.map(line)));
  return lines.join('\n');
}

function section(title: string, items: string[]): string[] {
  return items.length === 0 ? [] : [`## ${title}`, '', ...items.map((item) => `- ${item}`), ''];
}

/** A text on one line: what Claude wrote makes no headings of its own. */
function line(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
