/** Text in HTML, as content or as a quoted attribute. Parameters of a request come through here. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
