import type { KeyValueClient } from 'eventflux'
import type { Pool } from 'pg'

/** What keeps the values. The bytes of a checkpoint are one value: at most 1 GB. */
const TABLE = `create table if not exists eventflux_values (key text primary key, value bytea not null)`

/**
 * PostgreSQL as a key-value service, for `keyValueStore`. A value is durable when the server has committed it, and
 * compare-and-set is one statement: of two that change the same row the second waits, looks again, and finds another value.
 */
export async function postgresClient(pool: Pool): Promise<KeyValueClient> {
  await createOnce(pool, TABLE)
  return {
    async get(key) {
      const { rows } = await pool.query<{ value: Uint8Array }>('select value from eventflux_values where key = $1', [
        key,
      ])
      return rows[0]?.value
    },
    async put(key, value) {
      await pool.query(
        'insert into eventflux_values values ($1, $2) on conflict (key) do update set value = excluded.value',
        [key, value],
      )
    },
    async delete(key) {
      await pool.query('delete from eventflux_values where key = $1', [key])
    },
    async list(prefix) {
      const { rows } = await pool.query<{ key: string }>(
        'select key from eventflux_values where starts_with(key, $1)',
        [prefix],
      )
      return rows.map(({ key }) => key)
    },
    async compareAndSet(key, expected, value) {
      const { rowCount } =
        expected === undefined
          ? await pool.query('insert into eventflux_values values ($1, $2) on conflict (key) do nothing', [key, value])
          : await pool.query('update eventflux_values set value = $3 where key = $1 and value = $2', [
              key,
              expected,
              value,
            ])
      return rowCount === 1
    },
  }
}

/** `create … if not exists` fails for the slower one where two do it at the same time: by then it is there. */
export async function createOnce(pool: Pool, statement: string): Promise<void> {
  const UNIQUE_VIOLATION = '23505'
  await pool.query(statement).catch((error: { code?: string }) => {
    if (error.code !== UNIQUE_VIOLATION) throw error
  })
}
