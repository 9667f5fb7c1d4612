// A program that the tests of the helpers run: an action for each.

import {
  Answer,
  Json,
  Tool,
  Used,
  artifact,
  call,
  complete,
  fail,
  log,
  parsed,
  request,
  serve,
  setting,
  toolLoop,
  tryCall,
} from '../assembly/sdk';

class Double extends Tool {
  constructor() {
    super('double', 'Doubles a number.', parsed('{ "type": "object" }'));
  }

  run(input: Json): Used {
    if (!input.has('n')) return Used.badly('n is missing');
    return Used.well(Json.number(2 * input.get('n').number).toString());
  }
}

function run(action: string, payload: Json): Json {
  if (action == 'tools') return toolLoop(request('Use the tool.', '2?'), [new Double()], 4).get('text');
  if (action == 'text') return Json.of(complete(request('Be short.', payload.text)));
  if (action == 'json') {
    const json = Json.parse(payload.text);
    return json ? json : Json.of('malformed');
  }
  if (action == 'echo') return payload;
  if (action == 'files') {
    const wrong: Answer = tryCall('job.input', Json.object().set('name', payload));
    artifact('a.txt', 'text/plain', wrong.message);
    log(`${setting('tone').text} ${call('job.whoami', Json.object()).get('attempt').text}`, 'error');
    return Json.truth(wrong.failed);
  }
  if (action == 'beyond') return Json.of(['a'][payload.text.length]);
  if (action == 'throw') throw new Error(payload.text);
  return fail<Json>('final', action);
}

serve(parsed('{}'), run);
