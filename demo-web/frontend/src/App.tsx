import Contrast from '@mui/icons-material/Contrast'
import DarkMode from '@mui/icons-material/DarkModeOutlined'
import LightMode from '@mui/icons-material/LightModeOutlined'
import AppBar from '@mui/material/AppBar'
import Box from '@mui/material/Box'
import Container from '@mui/material/Container'
import IconButton from '@mui/material/IconButton'
import LinearProgress from '@mui/material/LinearProgress'
import Link from '@mui/material/Link'
import { useColorScheme } from '@mui/material/styles'
import Toolbar from '@mui/material/Toolbar'
import Tooltip from '@mui/material/Tooltip'
import Typography from '@mui/material/Typography'
import { lazy, Suspense, useEffect } from 'react'
import { Link as RouterLink, Route, Routes } from 'react-router'
import { api, given } from './api/client'
import { useAsk } from './ask'
import { ConnectionsProvider } from './connections'
import { Home } from './pages/Home'
import { SignIn } from './pages/SignIn'
import { ProblemAlert } from './parts/ProblemAlert'
import { texts } from './texts'
import { Visit } from './visit'

const Choose = lazy(() => import('./pages/Choose'))
const Shape = lazy(() => import('./pages/Shape'))
const Check = lazy(() => import('./pages/Check'))
const Plan = lazy(() => import('./pages/Plan'))
const Quarantine = lazy(() => import('./pages/Quarantine'))
const Run = lazy(() => import('./pages/Run'))

const MODES = ['system', 'light', 'dark'] as const
const ICONS = { system: Contrast, light: LightMode, dark: DarkMode }

function ThemeSwitch() {
  const { mode, setMode } = useColorScheme()
  const now = mode ?? 'system'
  const Icon = ICONS[now]
  const label = `${texts.theme.label}: ${texts.theme[now]}`
  return (
    <Tooltip title={label}>
      <IconButton
        color="inherit"
        aria-label={label}
        onClick={() => setMode(MODES[(MODES.indexOf(now) + 1) % MODES.length])}
      >
        <Icon />
      </IconButton>
    </Tooltip>
  )
}

function Bar() {
  return (
    <AppBar
      position="static"
      color="transparent"
      elevation={0}
      sx={{ borderBottom: 1, borderColor: 'divider', bgcolor: 'background.paper' }}
    >
      <Toolbar variant="dense" sx={{ gap: 2 }}>
        <Link
          component={RouterLink}
          to="/"
          underline="none"
          sx={{ display: 'flex', alignItems: 'center', gap: 1, color: 'text.primary', fontWeight: 700, py: 1 }}
        >
          <img src="/favicon.svg" alt="" width={24} height={24} />
          {texts.app}
        </Link>
        <Box sx={{ flexGrow: 1 }} />
        <ThemeSwitch />
      </Toolbar>
    </AppBar>
  )
}

export function App() {
  const visit = useAsk(async () => {
    const about = await given(api.GET('/api/about'))
    return about.signed_in || about.needs_key ? about : given(api.POST('/api/session', { body: {} }))
  })
  const { ask } = visit
  useEffect(() => void ask(), [ask])
  const about = visit.answer
  return (
    <Visit value={about ?? null}>
      <Link
        href="#content"
        sx={{
          position: 'absolute',
          left: -9999,
          '&:focus': { left: 8, top: 8, zIndex: 2000, bgcolor: 'background.paper', p: 1 },
        }}
      >
        {texts.skip}
      </Link>
      <Bar />
      <Container component="main" id="content" tabIndex={-1} maxWidth="lg" sx={{ py: { xs: 2, sm: 4 }, outline: 0 }}>
        {visit.problem && <ProblemAlert problem={visit.problem} again={() => void ask()} />}
        {!about && !visit.problem && <LinearProgress aria-label={texts.busy} />}
        {about && !about.signed_in && <SignIn then={() => void ask()} />}
        {about?.signed_in && (
          <ConnectionsProvider>
            <Suspense fallback={<LinearProgress aria-label={texts.busy} />}>
              <Routes>
                <Route path="/" element={<Home />} />
                <Route path="/choose" element={<Choose />} />
                <Route path="/shape" element={<Shape />} />
                <Route path="/check" element={<Check />} />
                <Route path="/plan" element={<Plan />} />
                <Route path="/runs/:id" element={<Run />} />
                <Route path="/quarantine/:id" element={<Quarantine />} />
                <Route path="*" element={<Typography component="h1">{texts.notFound}</Typography>} />
              </Routes>
            </Suspense>
          </ConnectionsProvider>
        )}
      </Container>
    </Visit>
  )
}
