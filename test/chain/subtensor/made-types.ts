/** A field of a type: without a name in a type that only wraps another. */
interface Field {
  readonly name: string | null
  readonly type: number
}

/** Types as metadata has them, made by hand; each gets a number, and the same one again when it is asked for again. */
export class MadeTypes {
  readonly all: object[] = []
  readonly #ids = new Map<string, number>()

  readonly u8 = this.#primitive('U8')
  readonly u16 = this.#primitive('U16')
  readonly u32 = this.#primitive('U32')
  readonly u64 = this.#primitive('U64')
  readonly bool = this.#primitive('Bool')
  readonly u128 = this.#primitive('U128')
  readonly nothing = this.tuple()
  readonly bytes = this.vec(this.u8)
  readonly hash = this.wrapper('primitive_types::H256', this.array(32, this.u8))
  readonly account = this.wrapper('sp_core::crypto::AccountId32', this.array(32, this.u8))

  vec(type: number): number {
    return this.#add({ Sequence: { type } })
  }

  array(len: number, type: number): number {
    return this.#add({ Array: { len, type } })
  }

  tuple(...types: number[]): number {
    return this.#add({ Tuple: types })
  }

  compact(type: number): number {
    return this.#add({ Compact: { type } })
  }

  option(type: number): number {
    return this.variant('Option', [variantOf('None', 0), variantOf('Some', 1, { '': type })], {
      T: type,
    })
  }

  /** `struct Name(inner)`, as Subtensor's numbers of subnets and amounts are. */
  wrapper(path: string, inner: number, params: Record<string, number> = {}): number {
    return this.#add({ Composite: { fields: fieldsOf({ '': inner }) } }, path, params)
  }

  struct(path: string, fields: Record<string, number>, params: Record<string, number> = {}) {
    return this.#add({ Composite: { fields: fieldsOf(fields) } }, path, params)
  }

  variant(path: string, variants: readonly object[], params: Record<string, number> = {}): number {
    return this.#add({ Variant: { variants } }, path, params)
  }

  bounded(type: number): number {
    return this.wrapper('bounded_collections::bounded_vec::BoundedVec', this.vec(type), { T: type })
  }

  #primitive(name: string): number {
    return this.#add({ Primitive: name })
  }

  #add(def: object, path = '', params: Record<string, number> = {}): number {
    const key = JSON.stringify([def, path, params])
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.all.length
    this.#ids.set(key, id)
    this.all.push({
      id,
      type: {
        path: path === '' ? [] : path.split('::'),
        params: Object.entries(params).map(([name, type]) => ({ name, type })),
        def,
        docs: [],
      },
    })
    return id
  }
}

/** A variant; a field without a name is written as ''. */
export function variantOf(name: string, index: number, fields: Record<string, number> = {}) {
  return { name, index, fields: fieldsOf(fields), docs: [] }
}

function fieldsOf(fields: Record<string, number>): (Field & { typeName: null; docs: string[] })[] {
  return Object.entries(fields).map(([name, type]) => ({
    ...{ name: name === '' ? null : name, type },
    ...{ typeName: null, docs: [] },
  }))
}
