import CheckCircle from '@mui/icons-material/CheckCircle'
import Button from '@mui/material/Button'
import FormControlLabel from '@mui/material/FormControlLabel'
import MenuItem from '@mui/material/MenuItem'
import Radio from '@mui/material/Radio'
import RadioGroup from '@mui/material/RadioGroup'
import Stack from '@mui/material/Stack'
import Switch from '@mui/material/Switch'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect, useState, type FormEvent } from 'react'
import { api, given, type Connection, type ConnectionRequest } from '../api/client'
import { useAsk } from '../ask'
import { texts } from '../texts'
import { useAbout } from '../visit'
import { ProblemAlert } from './ProblemAlert'

const NEW = 'new'

/** Picks a connection of this session, or makes one. What is typed as a secret goes to the server and nowhere else. */
export function ConnectionPicker({ value, choose }: { value: string; choose: (connection: Connection | null) => void }) {
  const about = useAbout()
  const [known, setKnown] = useState<Connection[]>()
  const [fresh, setFresh] = useState(false)
  useEffect(() => {
    given(api.GET('/api/connections')).then(setKnown, () => setKnown([]))
  }, [value])
  const current = known?.find((connection) => connection.id === value)
  useEffect(() => {
    if (known && value && !current) choose(null) // the session that knew it has ended
  }, [known, value, current, choose])
  const connect = useAsk((body: ConnectionRequest) => given(api.POST('/api/connections', { body })))

  async function start(body: ConnectionRequest) {
    const made = await connect.ask(body)
    if (made) {
      setFresh(false)
      choose(made)
    }
  }

  if (!known) return null
  const asking = fresh || known.length === 0
  return (
    <Stack sx={{ gap: 2 }}>
      {known.length > 0 && (
        <TextField
          select
          label={texts.connection.known}
          value={asking ? NEW : (current?.id ?? '')}
          onChange={(event) => {
            setFresh(event.target.value === NEW)
            choose(known.find((connection) => connection.id === event.target.value) ?? null)
          }}
        >
          {known.map((connection) => (
            <MenuItem key={connection.id} value={connection.id}>
              {connection.user ? `${connection.user}@${connection.name}` : connection.name}
            </MenuItem>
          ))}
          <MenuItem value={NEW}>{texts.connection.fresh}</MenuItem>
        </TextField>
      )}
      {current && !asking && (
        <Typography role="status" variant="body2" sx={{ display: 'flex', gap: 1, color: 'success.main' }}>
          <CheckCircle fontSize="small" />
          {texts.connection.connected(current.name)}
        </Typography>
      )}
      {asking && (
        <>
          {about.embedded && !known.some((connection) => connection.kind === 'embedded') && (
            <Stack direction="row" sx={{ gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
              <Button variant="outlined" disabled={connect.busy} onClick={() => void start({ kind: 'embedded' })}>
                {texts.connection.embedded}
              </Button>
              <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                {texts.connection.embeddedHelp}
              </Typography>
            </Stack>
          )}
          <ServerForm busy={connect.busy} connect={start} servers={about.servers} />
          {connect.problem && <ProblemAlert problem={connect.problem} />}
        </>
      )}
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
