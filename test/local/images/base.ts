import t from 'tap'
import { librariesOf } from '../../../local/images/base.ts'

await t.test('the libraries of a program are those that have a path', async t => {
  t.strictSame(librariesOf([
    '\tlinux-vdso.so.1 (0x00007fe8a6cd1000)',
    '\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007fe8a6920000)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007fe8a6cd3000)'
  ].join('\n')), ['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2'])
  t.strictSame(librariesOf('\tstatically linked\n'), [])
})
