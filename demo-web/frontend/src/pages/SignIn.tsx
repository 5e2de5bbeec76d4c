import Button from '@mui/material/Button'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import { api, given } from '../api/client'
import { useAsk } from '../ask'
import { Page } from '../parts/Page'
import { ProblemAlert } from '../parts/ProblemAlert'
import { texts } from '../texts'

export function SignIn({ then }: { then: () => void }) {
  const enter = useAsk((key: string) => given(api.POST('/api/session', { body: { key } })))
  return (
    <Page title={texts.signIn.title} lead={texts.signIn.lead}>
      <Stack
        component="form"
        sx={{ gap: 2, maxWidth: 420 }}
        onSubmit={(event) => {
          event.preventDefault()
          const key = String(new FormData(event.currentTarget).get('key') ?? '')
          void enter.ask(key).then((about) => about && then())
        }}
      >
        <TextField name="key" type="password" label={texts.signIn.key} autoComplete="current-password" required />
        <Button type="submit" variant="contained" disabled={enter.busy}>
          {texts.signIn.button}
        </Button>
        {enter.problem && <ProblemAlert problem={enter.problem} />}
      </Stack>
    </Page>
  )
}
