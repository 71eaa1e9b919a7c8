import { InProcessFlights } from '../../../src/adapters/flight/in-process.ts';
import { flightCoordinatorConformance } from '../../conformance/flight-coordinator.ts';

flightCoordinatorConformance('InProcessFlights', () => new InProcessFlights());
