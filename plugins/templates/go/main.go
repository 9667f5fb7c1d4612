// my-agent summarizes a text. What it does is in agent.go; sdk is what stands between it and the host.
package main

import "my-agent/sdk"

func main() {
	sdk.Main(sdk.Agent{Description: description, Run: run})
}
