import Add from '@mui/icons-material/Add'
import Close from '@mui/icons-material/Close'
import Autocomplete from '@mui/material/Autocomplete'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Card from '@mui/material/Card'
import IconButton from '@mui/material/IconButton'
import LinearProgress from '@mui/material/LinearProgress'
import MenuItem from '@mui/material/MenuItem'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect } from 'react'
import { api, given, type JoinedTable, type JoinKind, type Table } from '../api/client'
import { useAsk } from '../ask'
import { useDraft, withSource } from '../draft'
import { texts } from '../texts'
import { mono } from '../theme'
import { Raw } from './Code'
import { ProblemAlert } from './ProblemAlert'

const KINDS = Object.keys(texts.join.kinds) as JoinKind[]
const EMPTY: JoinedTable = { database: '', table: '', kind: 'inner', keys: null }
const LOOK_AFTER = 150

const nameOf = (table: { database: string; table: string }) => (table.table ? `${table.database}.${table.table}` : '')

/** Tables, keys that the library proposes, and the SQL that it writes. */
export function JoinBuilder({ tables }: { tables: Table[] }) {
  const { draft, change } = useDraft()
  const joined = draft.joined.length >= 2 ? draft.joined : [EMPTY, EMPTY]
  const { ask, answer, problem, busy } = useAsk((connection: string, tables: JoinedTable[]) =>
    given(api.POST('/api/join', { body: { connection, tables } })),
  )
  const chosen = joined.filter((table) => table.table !== '')
  const described = chosen.length < 2 ? '' : JSON.stringify([draft.fromConnection, chosen])
  useEffect(() => {
    if (!described) return
    const timer = setTimeout(() => {
      const [connection, tables] = JSON.parse(described) as [string, JoinedTable[]]
      void ask(connection, tables)
    }, LOOK_AFTER)
    return () => clearTimeout(timer)
  }, [described, ask])

  const sql = described ? answer?.sql : null
  useEffect(() => {
    const before = draft.source?.kind === 'query' ? draft.source.sql : null
    if (sql === undefined || sql === before) return
    change(
      sql === null
        ? withSource(null, '', null)
        : withSource(
            { kind: 'query', connection: draft.fromConnection, sql },
            texts.join.name(chosen.map((table) => table.table).join(', ')),
            null,
          ),
    )
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [sql])

  const set = (at: number, part: Partial<JoinedTable>) =>
    change({ joined: joined.map((table, index) => (index === at ? { ...table, ...part } : table)) })
  const sideOf = (at: number) => answer?.sides[chosen.indexOf(joined[at]) - 1]
  return (
    <Stack sx={{ gap: 2 }}>
      {joined.map((table, at) => (
        <Card key={at} sx={{ p: 2, overflow: 'visible' }}>
          <Box
            sx={{
              display: 'grid',
              gap: 2,
              gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: at ? 'minmax(0, 1fr) minmax(0, 1fr)' : 'minmax(0, 1fr)' },
            }}
          >
            <Stack direction="row" sx={{ gap: 1, alignItems: 'start' }}>
              <Autocomplete
                fullWidth
                options={tables.map((one) => `${one.database}.${one.name}`)}
                value={nameOf(table) || null}
                onChange={(_, name) => {
                  const found = tables.find((one) => `${one.database}.${one.name}` === name)
                  set(at, { database: found?.database ?? '', table: found?.name ?? '', keys: null })
                }}
                renderInput={(given) => (
                  <TextField {...given} label={at ? `${texts.join.next} ${at + 1}` : texts.join.first} />
                )}
              />
              {joined.length > 2 && at > 0 && (
                <IconButton
                  aria-label={texts.join.removeTable(nameOf(table) || String(at + 1))}
                  onClick={() => change({ joined: joined.filter((_, index) => index !== at) })}
                >
                  <Close />
                </IconButton>
              )}
            </Stack>
            {at > 0 && (
              <TextField
                select
                label={`${texts.join.kind} ${at + 1}`}
                value={table.kind}
                onChange={(event) => set(at, { kind: event.target.value as JoinKind })}
              >
                {KINDS.map((kind) => (
                  <MenuItem key={kind} value={kind}>
                    {texts.join.kinds[kind]}
                  </MenuItem>
                ))}
              </TextField>
            )}
            {at > 0 && table.table && table.kind !== 'cross' && (
              <Autocomplete
                multiple
                freeSolo
                filterSelectedOptions
                sx={{ gridColumn: '1 / -1' }}
                options={sideOf(at)?.proposals.map((proposal) => proposal.key) ?? []}
                value={table.keys ?? sideOf(at)?.keys ?? []}
                onChange={(_, keys) => set(at, { keys })}
                renderOption={({ key, ...given }, option) => (
                  <li key={key} {...given}>
                    <Box sx={{ minWidth: 0 }}>
                      <Box sx={{ fontFamily: mono, fontSize: 13, overflowWrap: 'anywhere' }}>{option}</Box>
                      <Typography variant="caption" sx={{ color: 'text.secondary' }}>
                        {sideOf(at)?.proposals.find((proposal) => proposal.key === option)?.why}
                      </Typography>
                    </Box>
                  </li>
                )}
                renderInput={(given) => (
                  <TextField {...given} label={`${texts.join.keys} ${at + 1}`} helperText={texts.join.keysHelp} />
                )}
              />
            )}
          </Box>
        </Card>
      ))}
      <Box>
        <Button startIcon={<Add />} onClick={() => change({ joined: [...joined, EMPTY] })}>
          {texts.join.add}
        </Button>
      </Box>
      {busy && <LinearProgress aria-label={texts.busy} />}
      {!described && <Typography sx={{ color: 'text.secondary' }}>{texts.join.start}</Typography>}
      {described && (problem ?? answer?.problem) && <ProblemAlert problem={(problem ?? answer?.problem)!} />}
      {described && answer?.sql && !problem && (
        <Box>
          <Raw text={answer.sql} label={texts.join.sql} />
          <Button sx={{ mt: 1 }} onClick={() => change({ read: 'query' })}>
            {texts.join.edit}
          </Button>
        </Box>
      )}
    </Stack>
  )
}
