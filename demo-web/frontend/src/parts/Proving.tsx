import FactCheck from '@mui/icons-material/FactCheckOutlined'
import Undo from '@mui/icons-material/Undo'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogContentText from '@mui/material/DialogContentText'
import DialogTitle from '@mui/material/DialogTitle'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import { api, given, type Load, type Proof } from '../api/client'
import { useAsk } from '../ask'
import * as format from '../format'
import { texts } from '../texts'
import { ProblemAlert } from './ProblemAlert'

function ProofAlert({ proof }: { proof: Proof }) {
  return (
    <Alert severity={proof.holds ? 'success' : 'error'} variant="outlined" role="status">
      {proof.holds
        ? texts.run.holds(format.rows(proof.rows), format.rows(proof.target_rows))
        : texts.run.differs(format.rows(proof.missing), format.rows(proof.rows))}
      {proof.differing.slice(0, 5).map((block) => (
        <Typography key={block.number} variant="body2">
          {texts.run.differsIn(
            format.rows(block.missing),
            format.rows(block.first_missing_record),
            format.rows(block.last_missing_record),
          )}
        </Typography>
      ))}
    </Alert>
  )
}

/** Verify and undo: what was loaded is looked for in the table, and taken out of it again. */
export function Proving({ load }: { load: Load }) {
  const params = { path: { id: load.id } }
  const [asking, setAsking] = useState(false)
  const verify = useAsk(() => given(api.POST('/api/loads/{id}/verify', { params })))
  const undo = useAsk((dry: boolean) => given(api.POST('/api/loads/{id}/undo', { params, body: { dry } })))
  const would = undo.answer
  if (load.undone || would?.removed) return <Alert severity="info">{texts.run.undone}</Alert>
  if (!load.provable) return null
  return (
    <Stack sx={{ gap: 2 }}>
      <Stack direction="row" sx={{ gap: 2, flexWrap: 'wrap' }}>
        <Button startIcon={<FactCheck />} disabled={verify.busy} onClick={() => void verify.ask()}>
          {texts.run.verify}
        </Button>
        <Button
          color="error"
          startIcon={<Undo />}
          disabled={undo.busy}
          onClick={() => void undo.ask(true).then((found) => setAsking(found !== undefined))}
        >
          {texts.run.undo}
        </Button>
      </Stack>
      {(verify.busy || undo.busy) && <LinearProgress aria-label={texts.run.verifying} />}
      {verify.problem && <ProblemAlert problem={verify.problem} />}
      {verify.answer && !verify.busy && !verify.problem && <ProofAlert proof={verify.answer} />}
      {undo.problem && <ProblemAlert problem={undo.problem} />}
      <Dialog open={asking} onClose={() => setAsking(false)} aria-labelledby="undo-title">
        <DialogTitle id="undo-title">{texts.run.undoTitle}</DialogTitle>
        <DialogContent>
          <DialogContentText>{texts.run.undoWould(format.rows(would?.rows ?? 0))}</DialogContentText>
          {would && would.equal > 0 && (
            <DialogContentText>{texts.run.undoEqual(format.rows(would.equal))}</DialogContentText>
          )}
        </DialogContent>
        <DialogActions>
          <Button autoFocus onClick={() => setAsking(false)}>
            {texts.run.undoKeep}
          </Button>
          <Button
            color="error"
            variant="contained"
            onClick={() => {
              setAsking(false)
              void undo.ask(false)
            }}
          >
            {texts.run.undoGo(format.rows(would?.rows ?? 0))}
          </Button>
        </DialogActions>
      </Dialog>
    </Stack>
  )
}
