import ContentCopy from '@mui/icons-material/ContentCopy'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { texts } from '../texts'
import { mono } from '../theme'

/** Text as it stands, in a region of its own that scrolls. */
export function Raw({ text, label, wrap = false }: { text: string; label: string; wrap?: boolean }) {
  return (
    <Box
      component="pre"
      tabIndex={0}
      role="group"
      aria-label={label}
      sx={{
        m: 0,
        p: 2,
        maxHeight: 360,
        overflow: 'auto',
        ...(wrap ? { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' } : {}),
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

export function Code({ text, label, wrap = false }: { text: string; label: string; wrap?: boolean }) {
  const [copied, setCopied] = useState(false)
  return (
    <>
      <Raw text={text} label={label} wrap={wrap} />
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
