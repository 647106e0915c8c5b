/** The parts that are used of a library without types of its own. */
declare module '@secvisogram/csaf-validator-lib/validate.js' {
  export interface Tested {
    readonly name: string
    readonly isValid: boolean
    readonly errors: readonly unknown[]
  }
  export type DocumentTest = (document: unknown) => unknown
  function validate(
    tests: readonly DocumentTest[],
    document: unknown,
  ): Promise<{ readonly isValid: boolean; readonly tests: readonly Tested[] }>

  // biome-ignore lint/style/noDefaultExport: it is the library's own.
  export { validate as default }
}

declare module '@secvisogram/csaf-validator-lib/mandatoryTests.js' {
  export const mandatoryTest_6_1_1: (document: unknown) => unknown
}

declare module '@secvisogram/csaf-validator-lib/schemaTests.js' {
  export const csaf_2_0_strict: (document: unknown) => unknown
}
