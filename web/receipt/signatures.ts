import { verify } from '@scure/sr25519'
import { fromHex, utf8 } from '../../formats/bytes.js'
import { hotkeyBytes } from './ss58.js'

/** Whether a hotkey signed a text with sr25519; false if anything is malformed. */
export function isSignedBy(hotkey: string, text: string, signature: string): boolean {
  const key = hotkeyBytes(hotkey)
  if (key === null || !/^0x[0-9a-f]{128}$/.test(signature)) return false
  try {
    return verify(utf8(text), fromHex(signature.slice(2)), key)
  } catch {
    return false
  }
}
