import fc from 'fast-check'
import t from 'tap'
import { judgeImage } from '../../api/image.ts'

const hex = '0123456789abcdef'.repeat(4)

await t.test('references that runtimes take are accepted', async t => {
  const good = [
    'nginx', 'nginx:1', 'a/b', 'docker.io/library/nginx:latest', 'registry.example.com/team/app:1.4.2', 'localhost/app', 'localhost:5000/app:1', 'HOST/app',
    '127.0.0.1:5000/a', '[::1]:5000/a', '[fe80::1]/a', `app@sha256:${hex}`, `r.example/app:1@sha256:${hex}`, `app@sha512:${hex}${hex}`, 'a/b/c/d/e', 'a__b', 'a---b', 'a.b_c',
    `app:${'t'.repeat(128)}`, 'app:_x', 'app:V1.0-rc_1', '111122223333.dkr.ecr.eu-west-3.amazonaws.com/topicten:1', `${'a'.repeat(63)}/b`, 'a:5/b'
  ]
  for (const image of good) t.equal(judgeImage(image), undefined, image)
})

await t.test('each fault of a reference has its own words', async t => {
  const bad: [unknown, string][] = [
    ['', 'is empty'], [undefined, 'is missing'], [3, 'is a number instead of text'], ['https://r.example/app', 'begins with the scheme https://'],
    ['docker://app', 'begins with the scheme docker://'], ['App', 'has upper-case letters in the repository "App"'],
    ['r.example/Team/app', 'has upper-case letters in the repository "Team/app"'], ['my app', 'contains white space'], ['app:1 ', 'begins or ends with white space'],
    ['app\n', 'ends with a line break'], ['app:', 'has an empty tag after the colon'], ['app:-x', 'has the tag "-x"'], ['app:a b', 'contains white space'],
    [`app:${'t'.repeat(129)}`, 'has a tag of 129 characters'], ['app:1:2', 'has the tag "1:2"'], ['app@', 'has nothing after the @'], ['app@1.2', 'has the digest "1.2" without its algorithm'],
    ['app@md5:abc', 'has a digest of the unknown algorithm "md5"'], ['app@sha256:abc', 'has a sha256 digest of 3 digits instead of 64'],
    [`app@sha256:${hex.toUpperCase()}`, 'has upper-case letters in its digest'], [`app@sha256:${'g'.repeat(64)}`, 'has a digest that is not hexadecimal'],
    [`app@sha256:${hex}:x`, 'has a digest that is not hexadecimal'], ['a//b', 'has an empty part in its repository (a slash too many)'], ['/a', 'has an empty part in its repository (a slash too many)'],
    ['a/', 'has an empty part in its repository (a slash too many)'], [':1', 'has no repository'], ['@sha256:x', 'has no repository'], ['-a', 'has "-a" in its repository'], ['a..b', 'has "a..b" in its repository'],
    ['a___b', 'has "a___b" in its repository'], ['-r.example/a', 'has the registry "-r.example", which is no host name'], ['r.example:x/a', 'has "x" where the registry\'s port belongs'],
    ['r:1:2/a', 'has "1:2" where the registry\'s port belongs'], [hex, 'is an image id instead of a reference'], ['a'.repeat(256), 'has a repository of 256 characters; at most 255 are allowed'],
    ['a'.repeat(1025), 'is 1025 characters long; at most 1024 are allowed'], ['ngin\u0445', 'contains U+0445, a character that is not ASCII'], ['$(IMAGE)', 'holds a placeholder that nobody filled in']
  ]
  for (const [image, fault] of bad) t.match(judgeImage(image), { fault, expected: /./ }, String(image).slice(0, 60))
})

await t.test('nothing makes it throw', async t => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything()), image => { judgeImage(image) }), { numRuns: 2000 })
  t.pass('2000 values')
})
