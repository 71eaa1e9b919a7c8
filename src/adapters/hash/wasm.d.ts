/** A static import of WebAssembly in a Worker: compiled, not instantiated. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
