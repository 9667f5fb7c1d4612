// TREE
export const MOST = 64;

/** Why what was typed in cannot be sent; nothing where it can. */
export function fault({ user, password }) {
  if (user.trim() === '') return 'Say who you are.';
  if ([...user].length > MOST) return `A name has at most ${MOST} characters.`;
  return /^.{12,}$/s.test(password) ? undefined : 'A password has at least 12 characters.';
}
