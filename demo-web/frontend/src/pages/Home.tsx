import Close from '@mui/icons-material/Close'
import Download from '@mui/icons-material/Download'
import Storage from '@mui/icons-material/Storage'
import UploadFile from '@mui/icons-material/UploadFile'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Card from '@mui/material/Card'
import CardActionArea from '@mui/material/CardActionArea'
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
import { api, given, type Load, type SampleFile } from '../api/client'
import { useConnections } from '../connections'
import { useDraft, withSource, type Draft } from '../draft'
import * as format from '../format'
import { Page } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { ProblemAlert } from '../parts/ProblemAlert'
import { StatusChip } from '../parts/StatusChip'
import { useResume } from '../resume'
import { texts } from '../texts'
import { useAbout } from '../visit'

const LOOK_EVERY = 2000

export function Home() {
  const about = useAbout()
  const navigate = useNavigate()
  const { restart } = useDraft()
  const [loads, setLoads] = useState<Load[]>([])
  const { known: connections = [], forget } = useConnections()
  const [samples, setSamples] = useState<SampleFile[]>([])
  const { resume, problem, busy } = useResume()

  useEffect(() => {
    const look = () => void given(api.GET('/api/loads')).then(setLoads, () => undefined)
    look()
    const timer = setInterval(look, LOOK_EVERY)
    if (about.samples) given(api.GET('/api/samples')).then(setSamples, () => undefined)
    return () => clearInterval(timer)
  }, [about.samples])

  const done = loads.filter((load) => !load.plan.check)
  const aside = done.filter((load) => load.quarantine && !load.replay_of && load.receipt?.rejected)
  const begin = (fromKind: Draft['fromKind']) => {
    restart({ fromKind, toKind: fromKind === 'file' ? 'clickhouse' : 'file' })
    void navigate('/choose')
  }
  const trySample = (sample: SampleFile) => {
    restart(withSource({ kind: 'sample', name: sample.name }, sample.name, sample.size))
    void navigate('/choose')
  }
  const starts = [
    { kind: 'file', title: texts.homePage.fileIn, help: texts.homePage.fileInHelp, Icon: UploadFile },
    { kind: 'clickhouse', title: texts.homePage.fileOut, help: texts.homePage.fileOutHelp, Icon: Download },
  ] as const

  return (
    <Page title={texts.homePage.title} lead={texts.homePage.lead}>
      <Box sx={{ display: 'grid', gap: 3, mb: 3, gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' } }}>
        {starts.map(({ kind, title, help, Icon }) => (
          <Card key={kind} sx={{ display: 'flex' }}>
            <CardActionArea onClick={() => begin(kind)} sx={{ p: 3, display: 'flex', justifyContent: 'start', alignItems: 'start' }}>
              <Stack direction="row" sx={{ gap: 2, alignItems: 'start' }}>
                <Icon color="primary" fontSize="large" />
                <Box sx={{ minWidth: 0 }}>
                  <Typography variant="h2" component="span" sx={{ display: 'block', mb: 0.5 }}>
                    {title}
                  </Typography>
                  <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                    {help}
                  </Typography>
                </Box>
              </Stack>
            </CardActionArea>
          </Card>
        ))}
      </Box>
      <Box
        sx={{
          display: 'grid',
          gap: 3,
          alignItems: 'start',
          gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 2fr) minmax(0, 1fr)' },
        }}
      >
        <Stack sx={{ gap: 3, minWidth: 0 }}>
          <Panel title={texts.homePage.recent}>
            {done.length === 0 && (
              <Typography sx={{ color: 'text.secondary', maxWidth: '52ch' }}>
                {samples.length > 0 && about.embedded ? texts.homePage.noLoads : texts.homePage.noLoadsPlain}
              </Typography>
            )}
            <List disablePadding>
              {done.map((load, at) => (
                <ListItem key={load.id} disablePadding divider={at < done.length - 1}>
                  <Link
                    component={RouterLink}
                    to={`/runs/${load.id}`}
                    underline="none"
                    color="inherit"
                    sx={{ width: '100%', py: 1.5, display: 'flex', columnGap: 2, alignItems: 'center', flexWrap: 'wrap' }}
                  >
                    <Box sx={{ flex: '1 1 200px', minWidth: 0, overflowWrap: 'anywhere' }}>
                      <Typography sx={{ fontWeight: 600 }}>{texts.run.title(load.source, load.target)}</Typography>
                      <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                        {new Date(load.started * 1000).toLocaleTimeString()}
                      </Typography>
                    </Box>
                    <Typography variant="body2" sx={{ fontVariantNumeric: 'tabular-nums', textAlign: 'right' }}>
                      {texts.homePage.rowsLoaded(
                        format.rows(load.receipt?.loaded ?? load.progress.rows_acknowledged ?? 0),
                      )}
                    </Typography>
                    <StatusChip status={load.status} paused={load.paused} />
                  </Link>
                  {load.resumable && (
                    <Button
                      size="small"
                      variant="outlined"
                      disabled={busy}
                      aria-label={texts.homePage.resumeWhat(texts.run.title(load.source, load.target))}
                      onClick={() => void resume(load.id)}
                      sx={{ ml: 2, flexShrink: 0 }}
                    >
                      {texts.homePage.resume}
                    </Button>
                  )}
                </ListItem>
              ))}
            </List>
          </Panel>
          {problem && <ProblemAlert problem={problem} />}
          {aside.length > 0 && (
            <Panel title={texts.homePage.aside}>
              <List disablePadding>
                {aside.map((load) => (
                  <ListItem key={load.id} disablePadding>
                    <Link component={RouterLink} to={`/quarantine/${load.id}`} sx={{ py: 0.5, overflowWrap: 'anywhere' }}>
                      {texts.run.title(load.source, load.target)}
                    </Link>
                  </ListItem>
                ))}
              </List>
            </Panel>
          )}
        </Stack>
        <Stack sx={{ gap: 3, minWidth: 0 }}>
          {samples.length > 0 && (
            <Panel title={texts.homePage.samples}>
              <List disablePadding dense sx={{ mx: -2, my: -1 }}>
                {samples.map((sample) => (
                  <ListItem key={sample.name} disablePadding>
                    <ListItemButton
                      sx={{ borderRadius: 1 }}
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
