export async function simulate(): Promise<void> {}
