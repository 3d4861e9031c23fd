import './styles/tokens.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/pages.css'
import './styles/network.css'
import './styles/prover.css'
import './styles/intervals.css'
import './styles/playground.css'
import { render } from 'preact'
import { App } from './app.js'
import { takeKeyFromAddress } from './key.js'

takeKeyFromAddress()
// An open page can be given another key through its address.
addEventListener('hashchange', takeKeyFromAddress)
render(<App />, document.getElementById('app')!)
