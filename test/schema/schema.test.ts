import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { bool, type DataType, f64, i64, utf8 } from '../../src/schema/data-type.ts'
import { checkFieldName, isTypeName, schema, schemaFrom } from '../../src/schema/schema.ts'

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    return error instanceof EventfluxError ? error.code : String(error)
  }
  return undefined
}

describe('schema', () => {
  it('keeps the columns in order, with names, types and positions', () => {
    const s = schema({ b: f64(), a: utf8().nullable(), c: i64() })
    expect(s.fields.map(({ name, type, index }) => [name, type.name, type.isNullable, index])).toEqual([
      ['b', 'f64', false, 0],
      ['a', 'utf8', true, 1],
      ['c', 'i64', false, 2],
    ])
    expect(s.length).toBe(3)
    expect(s.indexOf('a')).toBe(1)
    expect(s.field('c')!.index).toBe(2)
  })

  it('is frozen through and through', () => {
    const s = schema({ a: f64() })
    for (const part of [s, s.fields, s.fields[0], s.types, s.types.a]) expect(Object.isFrozen(part)).toBe(true)
  })

  it('finds nothing that is inherited', () => {
    const s = schema({ a: f64() })
    for (const name of ['toString', 'hasOwnProperty', '__proto__', 'constructor', 'valueOf', '']) {
      expect(s.indexOf(name)).toBe(-1)
      expect(s.field(name)).toBeUndefined()
      expect((s.types as Record<string, unknown>)[name]).toBeUndefined()
    }
  })

  it('reads own enumerable keys only', () => {
    const fields = Object.create({ inherited: f64() })
    fields.own = utf8()
    Object.defineProperty(fields, 'hidden', { value: bool(), enumerable: false })
    expect(schema(fields).fields.map(({ name }) => name)).toEqual(['own'])
  })

  it('refuses names that have no bytes: halves of surrogate pairs', () => {
    for (const name of ['\ud83d', 'a\ude00', '\ude00\ud83d'])
      expect(codeOf(() => schema({ [name]: f64() }))).toBe('SCHEMA_INVALID')
    expect(schema({ '\ud83d\ude00': f64() }).fields).toHaveLength(1)
  })

  it('refuses names that reach into prototypes, and leaves prototypes alone', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const fields = Object.defineProperty({}, name, { value: f64(), enumerable: true }) as Record<string, DataType>
      expect(codeOf(() => schema(fields))).toBe('SCHEMA_INVALID')
    }
    expect(codeOf(() => schema(JSON.parse('{"__proto__": {"name": "f64", "isNullable": false}}')))).toBe(
      'SCHEMA_INVALID',
    )
    expect(({} as Record<string, unknown>).name).toBeUndefined()
  })

  it('refuses empty, overlong and non-string names', () => {
    expect(codeOf(() => schema({ '': f64() }))).toBe('SCHEMA_INVALID')
    expect(codeOf(() => schema({ ['x'.repeat(256)]: f64() }))).toBe('SCHEMA_INVALID')
    expect(codeOf(() => schema({ ['x'.repeat(255)]: f64() }))).toBeUndefined()
    for (const name of [undefined, null, 1, Symbol('a'), {}])
      expect(codeOf(() => checkFieldName(name))).toBe('SCHEMA_INVALID')
  })

  it('refuses none and more than 1,024 columns, and duplicates', () => {
    const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`c${i}`, f64()]))
    expect(codeOf(() => schema({}))).toBe('SCHEMA_INVALID')
    expect(codeOf(() => schema(many(1_024)))).toBeUndefined()
    expect(codeOf(() => schema(many(1_025)))).toBe('SCHEMA_INVALID')
    expect(codeOf(() => schema(many(100_000)))).toBe('SCHEMA_INVALID')
    expect(
      codeOf(() =>
        schemaFrom([
          ['a', f64()],
          ['a', utf8()],
        ]),
      ),
    ).toBe('SCHEMA_INVALID')
  })

  it('refuses what is no type or no object of types', () => {
    const bad = [undefined, null, 'f64', 1, {}, { name: 'toString', isNullable: false }, { name: 'f64' }, f64]
    for (const type of bad) expect(codeOf(() => schema({ a: type as DataType }))).toBe('SCHEMA_INVALID')
    for (const given of [null, undefined, 1, 'x', [f64()]])
      expect(codeOf(() => schema(given as unknown as { a: DataType }))).toBe('SCHEMA_INVALID')
  })

  it('takes over types by value, so that a foreign object cannot change under it', () => {
    const foreign = { name: 'f64', isNullable: false, nullable: () => f64().nullable() } as { name: string }
    const s = schema({ a: foreign as DataType })
    foreign.name = 'utf8'
    expect(s.fields[0]!.type.name).toBe('f64')
    expect(s.fields[0]!.type.nullable().isNullable).toBe(true)
  })
})

describe('isTypeName', () => {
  it('knows the types and nothing inherited', () => {
    expect(['f64', 'f32', 'i32', 'u32', 'i64', 'bool', 'timestamp', 'utf8'].every(isTypeName)).toBe(true)
    expect(['toString', '__proto__', 'F64', '', 1, null].some(isTypeName)).toBe(false)
  })
})
