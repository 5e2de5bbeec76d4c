import ContentCopy from '@mui/icons-material/ContentCopy'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { texts } from '../texts'
import { mono } from '../theme'

/** Text as it stands, in a region of its own that scrolls. */
export function Raw({ text, label, height = 360 }: { text: string; label: string; height?: number }) {
  return (
    <Box
      component="pre"
      tabIndex={0}
      role="region"
      aria-label={label}
      sx={{
        m: 0,
        p: 2,
        maxHeight: height,
        overflow: 'auto',
        fontFamily: mono,
        fontSize: 13,
        lineHeight: 1.6,
        bgcolor: 'action.hover',
        borderRadius: 1,
      }}
    >
      {text}
    </Box>
  )
}

export function Code({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <>
      <Raw text={text} label={label} />
      <Button
        size="small"
        startIcon={<ContentCopy />}
        sx={{ mt: 1 }}
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      >
        {copied ? texts.copied : texts.copy}
      </Button>
    </>
  )
}
