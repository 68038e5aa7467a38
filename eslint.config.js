// The rules of the house: neostandard's style, promises that are awaited, small functions, and the import arrows
// between the rooms (README, Design).
import neostandard, { plugins } from 'neostandard'

const tseslint = plugins['typescript-eslint']

const rooms = ['api', 'cluster', 'webhooks', 'reconciler', 'server', 'workload', 'local', 'bench', 'test', 'deploy']
const mayImport = {
  api: [],
  cluster: [],
  webhooks: ['api'],
  reconciler: ['api', 'cluster'],
  server: ['api', 'cluster', 'webhooks', 'reconciler'],
  workload: ['api'],
  local: ['api', 'cluster']
}

const outsiders = {
  'the Kubernetes client': { names: ['@kubernetes/client-node'], home: ['cluster'], types: true },
  'an HTTP client': { names: ['undici', 'node:https'], home: ['cluster'], types: false },
  'an AWS client': { names: ['@aws-sdk/client-*'], home: ['workload'], types: false },
  fastify: { names: ['fastify'], home: ['server'], types: true }
}

const imports = Object.entries(mayImport).map(([room, allowed]) => ({
  files: [`${room}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': ['error', {
      patterns: [
        {
          group: rooms.filter(other => other !== room && !allowed.includes(other)).map(other => `**/../${other}/**`),
          message: `${room}/ may import only its own files${allowed.map(name => ` and ${name}/`).join('')}.`
        },
        ...Object.entries(outsiders).filter(([, { home }]) => !home.includes(room)).map(([what, { names, types }]) => ({
          group: names, allowTypeImports: types, message: `${room}/ does not use ${what}.`
        }))
      ]
    }]
  }
}))

// A program is a file that is started; only programs touch `process`.
const programs = ['server/main.ts', 'workload/main.ts', 'workload/read.ts', 'local/demo.ts', 'local/watchdog.ts', 'local/generate.ts', 'local/build.ts', 'bench/**', 'test/**']

export default [
  ...neostandard({ ts: true, ignores: ['node_modules', 'dist', '.tap'] }),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      complexity: ['error', 10],
      'no-void': ['error', { allowAsStatement: true }],
      'max-len': ['error', { code: 140, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true }]
    }
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // tap itself waits for its subtests.
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafePromises: [{ from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' }]
      }]
    }
  },
  {
    files: ['**/*.ts'],
    ignores: programs,
    rules: { 'no-restricted-globals': ['error', { name: 'process', message: 'Only a program touches process; take it as an argument.' }] }
  },
  ...imports
]
