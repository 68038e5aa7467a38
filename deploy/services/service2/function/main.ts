// The program: a composition function with the flags that Crossplane starts every function with.
//
// Crossplane is sure whom it calls; we are not sure who calls. OpenSSL takes the certificate that Crossplane shows for a self-signed one,
// since it bears its authority's own name, so the SDK asks for none. A caller learns nothing but what follows from what it sends; a
// NetworkPolicy that lets none but Crossplane through is for the cluster to have.
import { serve } from '@crossplane-org/function-sdk-typescript'
import { answer } from './answer.ts'

serve(answer, { name: 'function-servicetwo' })
