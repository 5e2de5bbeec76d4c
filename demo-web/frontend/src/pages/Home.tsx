import Add from '@mui/icons-material/Add'
import Close from '@mui/icons-material/Close'
import Storage from '@mui/icons-material/Storage'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Link from '@mui/material/Link'
import List from '@mui/material/List'
import ListItem from '@mui/material/ListItem'
import ListItemButton from '@mui/material/ListItemButton'
import ListItemText from '@mui/material/ListItemText'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { useEffect, useState } from 'react'
import { Link as RouterLink, useNavigate } from 'react-router'
import { api, given, type Connection, type Load, type SampleFile } from '../api/client'
import { useDraft, withSource } from '../draft'
import * as format from '../format'
import { Page } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { StatusChip } from '../parts/StatusChip'
import { texts } from '../texts'
import { useAbout } from '../visit'

const LOOK_EVERY = 2000

export function Home() {
  const about = useAbout()
  const navigate = useNavigate()
  const { restart } = useDraft()
  const [loads, setLoads] = useState<Load[]>([])
  const [connections, setConnections] = useState<Connection[]>([])
  const [samples, setSamples] = useState<SampleFile[]>([])

  useEffect(() => {
    const look = () => void given(api.GET('/api/loads')).then(setLoads, () => undefined)
    look()
    const timer = setInterval(look, LOOK_EVERY)
    given(api.GET('/api/connections')).then(setConnections, () => undefined)
    if (about.samples) given(api.GET('/api/samples')).then(setSamples, () => undefined)
    return () => clearInterval(timer)
  }, [about.samples])

  const done = loads.filter((load) => !load.plan.check)
  const begin = () => {
    restart()
    void navigate('/choose')
  }
  const trySample = (sample: SampleFile) => {
    restart(withSource({ kind: 'sample', name: sample.name }, sample.name, sample.size))
    void navigate('/choose')
  }
  const forget = async (connection: Connection) => {
    await given(api.DELETE('/api/connections/{id}', { params: { path: { id: connection.id } } })).catch(() => undefined)
    setConnections(connections.filter((other) => other !== connection))
  }

  return (
    <Page title={texts.homePage.title} lead={texts.homePage.lead}>
      <Button variant="contained" size="large" startIcon={<Add />} onClick={begin} sx={{ mb: 4 }}>
        {texts.homePage.start}
      </Button>
      <Box sx={{ display: 'grid', gap: 3, gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 2fr) minmax(0, 1fr)' } }}>
        <Panel title={texts.homePage.recent}>
          {done.length === 0 && (
            <Typography sx={{ color: 'text.secondary' }}>{texts.homePage.noLoads}</Typography>
          )}
          <List disablePadding>
            {done.map((load) => (
              <ListItem key={load.id} disablePadding divider>
                <Link
                  component={RouterLink}
                  to={`/runs/${load.id}`}
                  underline="none"
                  color="inherit"
                  sx={{ width: '100%', py: 1.5, display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}
                >
                  <Box sx={{ flex: '1 1 200px', minWidth: 0, overflowWrap: 'anywhere' }}>
                    <Typography sx={{ fontWeight: 600 }}>{texts.run.title(load.source, load.target)}</Typography>
                    <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                      {new Date(load.started * 1000).toLocaleTimeString()}
                    </Typography>
                  </Box>
                  <Typography sx={{ fontVariantNumeric: 'tabular-nums', textAlign: 'right' }}>
                    {format.rows(load.receipt?.loaded ?? load.progress.rows_acknowledged ?? 0)}
                  </Typography>
                  <StatusChip status={load.status} paused={load.paused} />
                </Link>
              </ListItem>
            ))}
          </List>
        </Panel>
        <Stack sx={{ gap: 3, minWidth: 0 }}>
          {samples.length > 0 && (
            <Panel title={texts.homePage.samples}>
              <List disablePadding dense>
                {samples.map((sample) => (
                  <ListItem key={sample.name} disablePadding>
                    <ListItemButton
                      sx={{ borderRadius: 1 }}
                      aria-label={texts.homePage.trySample(sample.name)}
                      onClick={() => trySample(sample)}
                    >
                      <ListItemText primary={sample.name} sx={{ overflowWrap: 'anywhere' }} />
                      <Typography variant="body2" sx={{ color: 'text.secondary', whiteSpace: 'nowrap', pl: 1 }}>
                        {format.bytes(sample.size)}
                      </Typography>
                    </ListItemButton>
                  </ListItem>
                ))}
              </List>
            </Panel>
          )}
          <Panel title={texts.homePage.connections}>
            {connections.length === 0 && (
              <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                {texts.homePage.noConnections}
              </Typography>
            )}
            <List disablePadding dense>
              {connections.map((connection) => (
                <ListItem
                  key={connection.id}
                  disableGutters
                  secondaryAction={
                    <IconButton
                      edge="end"
                      aria-label={texts.homePage.forget(connection.name)}
                      onClick={() => void forget(connection)}
                    >
                      <Close fontSize="small" />
                    </IconButton>
                  }
                >
                  <Storage fontSize="small" sx={{ mr: 1.5, color: 'text.secondary' }} />
                  <ListItemText
                    primary={connection.name}
                    secondary={connection.user || undefined}
                    sx={{ overflowWrap: 'anywhere' }}
                  />
                </ListItem>
              ))}
            </List>
          </Panel>
        </Stack>
      </Box>
    </Page>
  )
}
