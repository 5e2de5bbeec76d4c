import ArrowBack from '@mui/icons-material/ArrowBack'
import ArrowForward from '@mui/icons-material/ArrowForward'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import Step from '@mui/material/Step'
import StepButton from '@mui/material/StepButton'
import Stepper from '@mui/material/Stepper'
import Typography from '@mui/material/Typography'
import { useEffect, useRef, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { isTargetGiven, useDraft } from '../draft'
import { texts } from '../texts'

export type StepName = keyof typeof texts.steps
const STEPS = Object.keys(texts.steps) as StepName[]

function Steps({ at }: { at: StepName }) {
  const navigate = useNavigate()
  const { draft } = useDraft()
  const isShaped = draft.source !== null && draft.columns !== null && isTargetGiven(draft)
  const reached = { choose: true, shape: isTargetGiven(draft), check: isShaped, plan: isShaped, run: false }
  return (
    <Box component="nav" aria-label={texts.stepsLabel} sx={{ mb: 3 }}>
      <Stepper nonLinear alternativeLabel activeStep={STEPS.indexOf(at)} sx={{ mx: { xs: -1.5, sm: 0 } }}>
        {STEPS.map((step, index) => (
          <Step key={step} completed={index < STEPS.indexOf(at)} disabled={!reached[step] && step !== at}>
            <StepButton
              color="inherit"
              sx={{ mx: 0, px: 0 }}
              aria-current={step === at ? 'step' : undefined}
              onClick={() => step !== at && void navigate(`/${step}`)}
            >
              {texts.steps[step]}
            </StepButton>
          </Step>
        ))}
      </Stepper>
    </Box>
  )
}

/** Title and content of a page; the title takes the focus when the page opens, so that a reader hears it. */
export function Page({
  step,
  title,
  lead,
  aside,
  children,
}: {
  step?: StepName
  title: string
  lead?: string
  aside?: ReactNode
  children: ReactNode
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${texts.app}`
  }, [title])
  useEffect(() => {
    heading.current?.focus()
    window.scrollTo(0, 0)
  }, [])
  return (
    <>
      {step && <Steps at={step} />}
      <Stack direction="row" sx={{ alignItems: 'center', gap: 2, flexWrap: 'wrap', mb: 0.5 }}>
        <Typography
          variant="h1"
          ref={heading}
          tabIndex={-1}
          sx={{ outline: 0, overflowWrap: 'anywhere', minWidth: 0, flexShrink: 1 }}
        >
          {title}
        </Typography>
        {aside}
      </Stack>
      {lead && <Typography sx={{ color: 'text.secondary', mb: 3, maxWidth: '70ch' }}>{lead}</Typography>}
      {children}
    </>
  )
}

/** Back and on, at the foot of each step. */
export function Ways({
  back,
  onward,
  label = texts.next,
  why,
  busy = false,
}: {
  back?: string
  onward?: () => void
  label?: string
  why?: string
  busy?: boolean
}) {
  const navigate = useNavigate()
  return (
    <Box sx={{ mt: 4 }}>
      {busy && <LinearProgress aria-label={texts.busy} sx={{ mb: 2 }} />}
      <Stack direction="row" sx={{ gap: 2, justifyContent: 'space-between', alignItems: 'center', flexWrap: 'wrap' }}>
        {back ? (
          <Button startIcon={<ArrowBack />} onClick={() => void navigate(back)}>
            {texts.back}
          </Button>
        ) : (
          <span />
        )}
        <Stack direction="row" sx={{ gap: 2, alignItems: 'center', flexWrap: 'wrap', justifyContent: 'flex-end' }}>
          <Typography id="why-not" role="status" variant="body2" sx={{ color: 'text.secondary' }}>
            {why}
          </Typography>
          <Button
            variant="contained"
            size="large"
            endIcon={<ArrowForward />}
            disabled={Boolean(why) || busy}
            aria-describedby="why-not"
            onClick={onward}
          >
            {label}
          </Button>
        </Stack>
      </Stack>
    </Box>
  )
}
