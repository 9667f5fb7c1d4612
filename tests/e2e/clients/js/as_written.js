// The seed's own lines; the path of the file is the only thing that differs.
const BudgetOrchestrator = require('./anvil-client.js');

(async () => {
  const orchestrator = new BudgetOrchestrator();
  await orchestrator.initialize();

  // Submit jobs normally - cost controls are automatic
  const result = await orchestrator.submitJob({
    agentType: 'code-generator',
    action: 'generate',
    payload: { requirements: 'Build a login form' }
  });

  // Get current spending
  const status = orchestrator.getStatus();
  console.log(JSON.stringify({
    id: result.id,
    state: result.state,
    daily: status.costTracker.dailySpend,
    hourly: status.costTracker.hourlySpend,
  }));
})();
