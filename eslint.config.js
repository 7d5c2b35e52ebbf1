import tseslint from 'typescript-eslint'

const banned = [{object: 'process', property: 'exit', message: 'Throw an error with a code; oclif ends the process.'}]

/** The shell that a command is pasted into would execute user data in a template. */
const commandTemplate = {
  selector: String.raw`TemplateLiteral[expressions.length>0] > TemplateElement[value.raw=/(^|: |\n *)keyshift [a-z]/]`,
  message: 'Build suggested commands with suggestedCommand(...words), which quotes them for a shell.',
}

export default tseslint.config(
  {ignores: ['dist/', 'node_modules/', '.stack/']},
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      'max-lines': ['error', {max: 300, skipBlankLines: true, skipComments: true}],
      'max-lines-per-function': ['error', {max: 50, skipBlankLines: true, skipComments: true}],
      'no-console': 'error',
      'no-restricted-properties': ['error', ...banned],
      '@typescript-eslint/array-type': ['error', {default: 'array-simple'}],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A type, unlike an interface, is assignable to a record of unknowns.
      '@typescript-eslint/consistent-type-definitions': 'off',
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/cli/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...banned,
        {object: 'process', property: 'env', message: 'Only src/cli reads the environment.'},
      ],
    },
  },
  {
    files: ['src/{cli,clients,commands,hooks}/**'],
    rules: {'no-restricted-syntax': ['error', commandTemplate]},
  },
  {
    // Plain JavaScript runs before anything is installed or built, so it cannot have type annotations.
    files: ['**/*.{js,mjs,cjs}'],
    ...tseslint.configs.disableTypeChecked,
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      'no-console': 'off',
      'no-restricted-properties': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // node:test itself waits for the promise of test() at the top of a file.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {allowForKnownSafeCalls: [{from: 'package', name: ['test', 'describe'], package: 'node:test'}]},
      ],
      'max-lines-per-function': 'off',
    },
  },
)
