declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface SwaggerUi {
    preauthorizeApiKey(scheme: string, key: string): void
  }
  // biome-ignore lint/style/noDefaultExport: the package has no other.
  export default function swaggerUi(options: Record<string, unknown>): SwaggerUi
}
