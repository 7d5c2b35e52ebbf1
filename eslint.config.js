import {readdirSync} from 'node:fs'
import {join, parse} from 'node:path'

import tseslint from 'typescript-eslint'

const banned = [{object: 'process', property: 'exit', message: 'Throw an error with a code; oclif ends the process.'}]

/** The first words of the commands. Before another word, `keyshift` is only the name of this program. */
const commands = readdirSync(join(import.meta.dirname, 'src', 'commands')).map((file) => parse(file).name)
const program = `(keyshift (${commands.join('|')})|pulsar-admin|redis-cli|curl|chmod)`

/** The shell that a command is pasted into would execute user data in a string that is built by hand. */
const handBuiltCommands = [
  String.raw`TemplateElement[value.raw=/(^|: |\n *)${program}\b/]`,
  String.raw`Literal[value=/^${program} /]`,
  `BinaryExpression > Literal[value="keyshift "]`,
].map((selector) => ({
  selector,
  message: 'Build commands with suggestedCommand(...words) or shellCommand(...words), which quote them for a shell.',
}))

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
    files: ['src/**'],
    rules: {'no-restricted-syntax': ['error', ...handBuiltCommands]},
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
