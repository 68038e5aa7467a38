// Reads the settings of Argo CD out of the release that production has of it: the same users, rights and healths are here. Pure.
import { parse } from 'yaml'
import type { ArgoSettings } from '../argocd/settings.ts'

interface Release {
  spec: { values: { configs: { cm: Record<string, string>, rbac: Record<string, string> } } }
}

/** `release` is the HelmRelease as YAML; the chart makes ConfigMaps of these values. */
export function argoSettings (release: string): ArgoSettings {
  const { cm, rbac } = (parse(release) as Release).spec.values.configs
  return { cm, rbac }
}

/** The local users that may log in. */
export function usersOf ({ cm }: ArgoSettings): string[] {
  return Object.entries(cm).flatMap(([key, value]) => {
    const [, user] = /^accounts\.([^.]+)$/.exec(key) ?? []
    return user !== undefined && value.split(',').some(capability => capability.trim() === 'login') ? [user] : []
  })
}
