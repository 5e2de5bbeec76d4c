import { createTheme } from '@mui/material/styles'

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
export const mono = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace'

export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data-theme' },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: '#22565c', contrastText: '#ffffff' },
        secondary: { main: '#6b5b3e' },
        success: { main: '#2b6a3a' },
        warning: { main: '#8a5200' },
        error: { main: '#a8322a' },
        info: { main: '#2a5a8c' },
        background: { default: '#f6f7f7', paper: '#ffffff' },
        text: { primary: '#1b2324', secondary: '#4d5859' },
        divider: '#d9dfdf',
      },
    },
    dark: {
      palette: {
        primary: { main: '#8fc9cf', contrastText: '#06282c' },
        secondary: { main: '#d6c39b' },
        success: { main: '#8fd3a0' },
        warning: { main: '#f0bd74' },
        error: { main: '#f4a39b' },
        info: { main: '#9cc4ee' },
        background: { default: '#121617', paper: '#1a2021' },
        text: { primary: '#e8eded', secondary: '#b0babb' },
        divider: '#323b3c',
      },
    },
  },
  shape: { borderRadius: 8 },
  typography: {
    fontFamily: font,
    h1: { fontSize: '1.75rem', fontWeight: 600, letterSpacing: '-0.01em' },
    h2: { fontSize: '1.125rem', fontWeight: 600 },
    h3: { fontSize: '1rem', fontWeight: 600 },
    button: { textTransform: 'none', fontWeight: 600 },
  },
  components: {
    MuiButton: { defaultProps: { disableElevation: true } },
    MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiCard: { defaultProps: { variant: 'outlined' } },
    MuiTextField: { defaultProps: { size: 'small', fullWidth: true } },
    MuiTableCell: {
      styleOverrides: {
        root: { padding: '6px 12px', fontVariantNumeric: 'tabular-nums' },
        head: { fontWeight: 600, whiteSpace: 'nowrap' },
      },
    },
    MuiCssBaseline: {
      styleOverrides: {
        ':focus-visible': { scrollMarginTop: '80px' },
        '@media (prefers-reduced-motion: reduce)': {
          '*': { animationDuration: '0.01ms !important', transitionDuration: '0.01ms !important' },
        },
      },
    },
  },
})
