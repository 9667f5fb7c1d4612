// Names of test files.

/** Why a text cannot name a file; none where it can. The rules are the contract's (`job.artifact`). */
export function badPath(path: string): string | undefined {
  if (path.length > 200) return 'it is longer than 200 characters';
  if (/^[/~]|^[A-Za-z]:/.test(path)) return 'it is absolute';
  if (/[\\:]|\p{C}/u.test(path)) return 'it has a backslash, a colon or a control character';
  if (path.split('/').some((part) => part.trim() === '' || part === '.' || part === '..')) return 'a part of it is empty or dots';
  return undefined;
}

const MEDIA_TYPES: Record<string, string> = {
  js: 'text/javascript', mjs: 'text/javascript', cjs: 'text/javascript', jsx: 'text/javascript',
  ts: 'text/x-typescript', mts: 'text/x-typescript', cts: 'text/x-typescript', tsx: 'text/x-typescript',
  py: 'text/x-python', rs: 'text/x-rust', go: 'text/x-go', java: 'text/x-java', rb: 'text/x-ruby', php: 'text/x-php',
  c: 'text/x-c', h: 'text/x-c', cc: 'text/x-c++', cpp: 'text/x-c++', cxx: 'text/x-c++', hpp: 'text/x-c++',
  html: 'text/html', css: 'text/css', json: 'application/json', md: 'text/markdown',
};

/** The media type of a file, by the ending of its name. */
export function mediaType(path: string): string {
  const ending = /\.([A-Za-z0-9]+)$/.exec(path)?.[1].toLowerCase() ?? '';
  return MEDIA_TYPES[ending] ?? 'text/plain';
}
