// documentation-generator writes documentation out of code, requirements and designs. What it does is in agent.go; sdk is what
// stands between it and the host.
package main

import "documentation-generator/sdk"

func main() {
	sdk.Main(sdk.Agent{Description: description, Run: run})
}
