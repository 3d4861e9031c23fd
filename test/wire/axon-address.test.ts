import assert from 'node:assert/strict'
import fc from 'fast-check'
import { vetAddress } from '../../wire/axon-address.js'
import { WireError } from '../../wire/error.js'

const refused = (error: unknown) => error instanceof WireError && error.code === 'address_refused'
const vet = (ip: string, allowPrivate = false) => vetAddress(ip, 8091, { allowPrivate })

/** Addresses of machines of one's own: development may reach them. */
const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  '::1',
  'fe80::1',
  'fc00::1',
  'fd12:3456:789a::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:FFFF:0A00:0001',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
  // Where clouds tell a machine its secrets.
  '169.254.170.2',
  '100.100.100.200',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::FFFF:A9FE:A9FE',
  '0000:0000:0000:0000:0000:ffff:a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:0:0:0:0:192.168.0.1',
  'fe80::a9fe:a9fe',
  'febf:ffff::1',
  'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]

/** Addresses that are nobody's, or a group's: never. */
const NEVER = [
  '0.0.0.0',
  '0.1.2.3',
  '224.0.0.1',
  '239.255.255.255',
  '255.255.255.255',
  '240.0.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.51.100.7',
  '203.0.113.9',
  '198.18.0.1',
  '198.19.255.255',
  '192.88.99.1',
  '::',
  'ff02::1',
  '2001:db8::1',
  '3fff::1',
  '2001:2::1',
  '2002:7f00:1::1',
  '2002:808:808::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '64:ff9b:1::7f00:1',
  '64:ff9b::e000:1',
  '64:ff9b::192.0.2.1',
  '::ffff:0.0.0.0',
  '::ffff:203.0.113.1',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '::8.8.8.8',
  'fec0::1',
  '100::1',
  '4000::1',
  '5f00::1',
  '192.0.0.192',
  '2002:a9fe:a9fe::',
  '2002:c0a8:1::1',
  '2001::1',
  '2001:0:a9fe:a9fe::',
  '64:ff9b:1::a9fe:a9fe',
  '64:ff9b:1:ffff::192.168.0.1',
  '::ffff:0:a9fe:a9fe',
  '::a9fe:a9fe',
  '::169.254.169.254',
  '::ffff:224.0.0.1',
  '::ffff:255.255.255.255',
  'ff01::1',
  'ff0e::1',
  '::2',
  '1::1',
  'e000::1',
]

/** Spellings that different parsers read as different hosts, and no addresses at all. */
const NO_PLAIN_ADDRESS = [
  '',
  'localhost',
  'example.com',
  '0177.0.0.1',
  '010.0.0.1',
  '0x7f.0.0.1',
  '0x7f000001',
  '2130706433',
  '134744072',
  '127.1',
  '127.0.1',
  '8.8.8',
  '8.8.8.8.',
  ' 8.8.8.8',
  '8.8.8.8\n',
  '8.8.8.08',
  '8.8.8.256',
  '[::1]',
  'fe80::1%eth0',
  '2606:4700:4700::1111%0',
  '1:2:3',
  '::ffff:0177.0.0.1',
  `${'0'.repeat(50)}::1`,
  '0xa9.0xfe.0xa9.0xfe',
  '0xa9fea9fe',
  '0XA9FEA9FE',
  '2852039166',
  '0251.0376.0251.0376',
  '00000251.0376.0251.0376',
  '169.0xfe.0251.254',
  '169.254.43518',
  '169.16689662',
  '0127.0.0.1',
  '127.0.0.1.',
  '127..0.1',
  '.127.0.0.1',
  '127.0.0.1:80',
  '127.0.0.1/8',
  '127.0.0.1%0',
  '127.0.0.1\0',
  '+127.0.0.1',
  '-1.0.0.1',
  '1e2.0.0.1',
  '127.0.0.1 ',
  '\t127.0.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '127｡0｡0｡1',
  '①②⑦.0.0.1',
  '[::ffff:127.0.0.1]',
  'fe80::1%25eth0',
  'fe80::1%',
  '::1%lo',
  '::ffff:127.0.0.1%1',
  '::ffff:127.1',
  '::ffff:0x7f.0.0.1',
  '::ffff:2130706433',
  '64:ff9b::0x7f000001',
  '::127.0.0.1.',
  '::1::',
  ':::1',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8.9.10.11',
  '12345::1',
  'g::1',
  'xn--127-0-0-1',
  'localhost.',
  '127.0.0.1.nip.io',
]

describe('vetted axon addresses', () => {
  it('pass when public, in one spelling', () => {
    assert.deepEqual(vet('8.8.8.8'), { ip: '8.8.8.8', port: 8091, family: 4 })
    assert.deepEqual(vet('2606:4700:4700:0:0:0:0:1111'), {
      ip: '2606:4700:4700::1111',
      port: 8091,
      family: 6,
    })
    assert.deepEqual(vet('::FFFF:8.8.8.8'), { ip: '8.8.8.8', port: 8091, family: 4 })
    assert.equal(vet('64:ff9b::8.8.8.8').family, 6)
  })

  it('are refused when private, in any spelling, unless allowed', () => {
    for (const ip of PRIVATE) {
      assert.throws(() => vet(ip), refused, ip)
      assert.ok(vet(ip, true).ip, ip)
    }
  })

  it('are refused when special, always', () => {
    for (const ip of NEVER) {
      assert.throws(() => vet(ip), refused, ip)
      assert.throws(() => vet(ip, true), refused, ip)
    }
  })

  it('are refused in spellings that parsers disagree about', () => {
    for (const ip of NO_PLAIN_ADDRESS) {
      assert.throws(() => vet(ip), refused, JSON.stringify(ip))
      assert.throws(() => vet(ip, true), refused, JSON.stringify(ip))
    }
  })

  it('are refused without a sound port', () => {
    for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
      assert.throws(() => vetAddress('8.8.8.8', port, { allowPrivate: true }), refused, `${port}`)
    }
  })

  it('judge a v4-mapped address as the address it carries', () => {
    const verdict = (ip: string) => {
      try {
        return vet(ip).ip
      } catch (error) {
        assert.ok(refused(error))
        return 'refused'
      }
    }
    fc.assert(
      fc.property(fc.ipV4(), (ip) => assert.equal(verdict(`::ffff:${ip}`), verdict(ip), ip)),
      { seed: 11, numRuns: 500 },
    )
  })

  it('never throw anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.ipV6(), fc.ipV4Extended()),
        fc.boolean(),
        (ip, allow) => {
          try {
            vet(ip, allow)
          } catch (error) {
            assert.ok(refused(error), ip)
          }
        },
      ),
      { seed: 13, numRuns: 1000 },
    )
  })
})
