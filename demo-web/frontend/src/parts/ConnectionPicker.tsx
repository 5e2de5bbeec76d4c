import CheckCircle from '@mui/icons-material/CheckCircle'
import Button from '@mui/material/Button'
import FormControlLabel from '@mui/material/FormControlLabel'
import LinearProgress from '@mui/material/LinearProgress'
import MenuItem from '@mui/material/MenuItem'
import Radio from '@mui/material/Radio'
import RadioGroup from '@mui/material/RadioGroup'
import Stack from '@mui/material/Stack'
import Switch from '@mui/material/Switch'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useCallback, useEffect, useState, type FormEvent } from 'react'
import type { Connection, ConnectionRequest } from '../api/client'
import { useAsk } from '../ask'
import { nameOf, useConnections } from '../connections'
import { texts } from '../texts'
import { useAbout } from '../visit'
import { ProblemAlert } from './ProblemAlert'

const NEW = 'new'
const EMBEDDED = 'embedded'

/**
 * Picks a connection of this session, or makes one; the embedded engine is taken unasked where nothing else is known.
 * What is typed as a secret goes to the server and nowhere else.
 */
export function ConnectionPicker({ value, choose }: { value: string; choose: (connection: Connection | null) => void }) {
  const about = useAbout()
  const { known, connect } = useConnections()
  const [fresh, setFresh] = useState(false)
  const { ask, problem, busy } = useAsk(connect)
  const current = known?.find((connection) => connection.id === value)

  const start = useCallback(
    async (body: ConnectionRequest) => {
      const made = await ask(body)
      if (!made) return
      setFresh(false)
      choose(made)
    },
    [ask, choose],
  )
  useEffect(() => {
    if (!known || current || fresh || busy || problem) return
    if (known.length > 0) choose(known[0])
    else if (about.embedded) void start({ kind: 'embedded' })
    else if (value) choose(null) // the session that knew it has ended
  }, [known, current, fresh, busy, problem, value, about.embedded, choose, start])

  if (!known) return null
  const options = known.map((connection) => ({ id: connection.id, name: nameOf(connection) }))
  const lacksEmbedded = about.embedded && !known.some((connection) => connection.kind === 'embedded')
  const asking = fresh || (known.length === 0 && (!about.embedded || problem !== undefined))
  return (
    <Stack sx={{ gap: 2 }}>
      {(known.length > 0 || lacksEmbedded) && (
        <TextField
          select
          label={texts.connection.known}
          value={current && !asking ? current.id : busy && !fresh ? EMBEDDED : NEW}
          onChange={({ target }) => {
            setFresh(target.value === NEW)
            if (target.value === EMBEDDED) void start({ kind: 'embedded' })
            else choose(known.find((connection) => connection.id === target.value) ?? null)
          }}
        >
          {options.map(({ id, name }) => (
            <MenuItem key={id} value={id}>
              {name}
            </MenuItem>
          ))}
          {lacksEmbedded && <MenuItem value={EMBEDDED}>{texts.connection.embedded}</MenuItem>}
          <MenuItem value={NEW}>{texts.connection.fresh}</MenuItem>
        </TextField>
      )}
      {busy && !fresh && <LinearProgress aria-label={texts.connection.connecting} />}
      {current && !asking && (
        <Typography role="status" variant="body2" sx={{ display: 'flex', gap: 1, color: 'success.main' }}>
          <CheckCircle fontSize="small" />
          {texts.connection.connected(current.name)}
        </Typography>
      )}
      {asking && <ServerForm busy={busy} connect={start} servers={about.servers} />}
      {problem && <ProblemAlert problem={problem} />}
    </Stack>
  )
}

function ServerForm({
  busy,
  connect,
  servers,
}: {
  busy: boolean
  connect: (body: ConnectionRequest) => Promise<void>
  servers: string[]
}) {
  const [by, setBy] = useState<'password' | 'token'>('password')
  const [secure, setSecure] = useState(false)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '')
    void connect({
      kind: 'server',
      host: text('host').trim(),
      port: Number(text('port')),
      secure,
      database: text('database').trim(),
      user: text('user'),
      password: text('password') || null,
      token: text('token') || null,
      insecure: false,
    })
  }

  return (
    <Stack component="form" onSubmit={submit} sx={{ gap: 2 }} autoComplete="on">
      <Stack direction={{ xs: 'column', sm: 'row' }} sx={{ gap: 2 }}>
        <TextField name="host" label={texts.connection.host} defaultValue={servers[0]?.split(':')[0]} required sx={{ flex: 2 }} />
        <TextField
          key={String(secure)}
          name="port"
          label={texts.connection.port}
          type="number"
          defaultValue={secure ? 8443 : 8123}
          required
          sx={{ flex: 1 }}
          slotProps={{ htmlInput: { min: 1, max: 65535 } }}
        />
      </Stack>
      <TextField name="database" label={`${texts.connection.database} (${texts.optional})`} />
      <RadioGroup row value={by} onChange={(_, chosen) => setBy(chosen as typeof by)} aria-label={texts.connection.known}>
        <FormControlLabel value="password" control={<Radio size="small" />} label={texts.connection.usePassword} />
        <FormControlLabel value="token" control={<Radio size="small" />} label={texts.connection.useToken} />
      </RadioGroup>
      {by === 'password' ? (
        <Stack direction={{ xs: 'column', sm: 'row' }} sx={{ gap: 2 }}>
          <TextField name="user" label={texts.connection.user} autoComplete="username" />
          <TextField name="password" label={texts.connection.password} type="password" autoComplete="current-password" />
        </Stack>
      ) : (
        <TextField name="token" label={texts.connection.token} type="password" autoComplete="off" />
      )}
      <Stack direction="row" sx={{ gap: 2, alignItems: 'center', justifyContent: 'space-between', flexWrap: 'wrap' }}>
        <FormControlLabel
          control={<Switch checked={secure} onChange={(_, on) => setSecure(on)} />}
          label={texts.connection.secure}
        />
        <Button type="submit" variant="contained" disabled={busy}>
          {busy ? texts.connection.connecting : texts.connection.connect}
        </Button>
      </Stack>
      <Typography variant="caption" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
        {texts.connection.allowed(servers.join(', '))}
      </Typography>
    </Stack>
  )
}
