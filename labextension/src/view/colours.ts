/** Labels that have a colour; the others are grey. */
export const COLOURS = 6;

/**
 * The colour of each label, taken from its name: the same in every version that has it,
 * whatever stands before it. Where two want one colour, the later takes the next free one.
 */
export function coloursOf(labels: readonly string[]): number[] {
  const taken = new Set<number>();
  return labels.slice(0, COLOURS).map(name => {
    let wanted = 0;
    for (const character of name) {
      wanted = (wanted * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
    }
    wanted %= COLOURS;
    while (taken.has(wanted)) {
      wanted = (wanted + 1) % COLOURS;
    }
    taken.add(wanted);
    return wanted;
  });
}
