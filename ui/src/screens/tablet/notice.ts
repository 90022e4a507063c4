/** Version of the privacy notice that this app carries; counted up with each change of its words. */
export const NOTICE = '2026-11';
